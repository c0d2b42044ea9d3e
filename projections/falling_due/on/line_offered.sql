-- While the offer stands, it is the offer that ends and not the wait.
WITH before AS (
    DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND what IN ('queue_ends', 'again', 'identity_due')
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('file', %(customer)s::uuid, 'offer_ends', %(registration)s::uuid, %(line)s, '', '', %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), %(offer_to)s)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
