-- `registration` holds the joining's own id: a line may have asked several.
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('file', %(customer)s, 'joining_ends', %(joining)s, %(line)s, %(tier)s, '', %(_program)s, NULL, %(answer_to)s)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
