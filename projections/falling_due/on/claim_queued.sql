-- It leaves the queue after the longest wait; where its partner comes back too soon it waits its turn from `not_before` (ROE-12).
WITH before AS (
    DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND (what IN ('identity_due', 'offer_ends', 'review_due') OR (what = 'again' AND %(not_before)s::timestamptz IS NULL))
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, w.what, %(registration)s::uuid, %(line)s, '', '', %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), w.due_at
FROM (VALUES ('queue_ends', %(leaves_at)s::timestamptz), ('again', %(not_before)s::timestamptz)) AS w (what, due_at)
WHERE w.due_at IS NOT NULL
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
