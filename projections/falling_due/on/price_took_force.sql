-- It ends by itself, and its decision is due no more.
WITH decided AS (
    DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND what = 'price_review' AND registration = %(special_price)s
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('file', %(customer)s, 'price_ends', %(special_price)s, %(line)s, '', '', %(_program)s, NULL, %(price_to)s)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
