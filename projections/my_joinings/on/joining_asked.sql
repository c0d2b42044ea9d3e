-- First the holder is asked, then the one who would join; only who is asked has a row, and it names nobody.
WITH asked_before AS (
    DELETE FROM my_joinings WHERE joining = %(joining)s
    AND reader <> CASE %(asks)s WHEN 'holder' THEN %(_holder_reader)s::uuid ELSE %(_partner_reader)s::uuid END
)
INSERT INTO my_joinings (reader, joining, program, asks, registration, customer, line, tier, asked_at, answer_by)
VALUES (CASE %(asks)s WHEN 'holder' THEN %(_holder_reader)s::uuid ELSE %(_partner_reader)s::uuid END,
        %(joining)s, %(_program)s, %(asks)s, %(registration)s, %(customer)s, %(line)s, %(tier)s, %(_effective_at)s, %(answer_to)s)
ON CONFLICT (reader, joining) DO UPDATE SET asks = excluded.asks, asked_at = excluded.asked_at, answer_by = excluded.answer_by
