INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('registration', %(registration)s, 'closes', %(registration)s, '', '', '', %(_program)s, NULL, %(closes_at)s)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
