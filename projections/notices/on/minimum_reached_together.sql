-- One notice for a partner on a customer; what comes later widens it.
INSERT INTO notices (reader, kind, subject, program, partner, customer, line, registrations, amount, currency, noted_at)
SELECT DISTINCT m.reader::uuid, 'minimum_reached_together', %(partner)s || ' ' || %(customer)s, %(_program)s, %(partner)s, %(customer)s::uuid, %(line)s,
    %(registrations)s::jsonb, (%(value)s::jsonb ->> 'amount')::numeric, %(value)s::jsonb ->> 'currency', %(noted_at)s::timestamptz
FROM jsonb_array_elements_text(%(managers)s) AS m (reader)
ON CONFLICT (reader, kind, subject) DO UPDATE SET registrations = excluded.registrations, amount = excluded.amount, noted_at = excluded.noted_at
