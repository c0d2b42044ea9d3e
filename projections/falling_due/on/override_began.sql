INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('file', %(customer)s, 'override_ends', %(override)s, %(line)s, '', '', %(_program)s, NULL, %(override_to)s)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
