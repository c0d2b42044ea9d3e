-- The tier says that no leg waits here: the claim may have ended, the appeal has not.
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('file', %(customer)s, 'appeal_due', %(registration)s, %(line)s, 'appeal', '', %(_program)s, NULL, %(ruling_to)s)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
