-- A person tells by then whose claim it is (ROE-24).
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('file', %(customer)s, 'identity_due', %(registration)s, %(line)s, '', '', %(_program)s, NULL, %(decide_to)s)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
