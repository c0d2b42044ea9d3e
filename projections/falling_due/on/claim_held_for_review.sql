-- A person decides: where a review clock is in force, by a day (ROE-15).
-- May touch no row: it did not wait, and no clock is in force
WITH before AS (
    DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND what IN ('queue_ends', 'again', 'identity_due', 'offer_ends')
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, 'review_due', %(registration)s::uuid, %(line)s, '', '', %(_program)s, NULL, %(review_to)s::timestamptz
WHERE %(review_to)s::timestamptz IS NOT NULL
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
