WITH back AS (
    INSERT INTO legs (registration, line, tier, partner) VALUES (%(registration)s, %(line)s, %(tier)s, %(partner)s) ON CONFLICT DO NOTHING
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('file', %(customer)s::uuid, 'ends', %(registration)s::uuid, %(line)s, %(tier)s, %(partner)s, %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), least(%(window_to)s::timestamptz, %(hard_stop_at)s::timestamptz))
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
