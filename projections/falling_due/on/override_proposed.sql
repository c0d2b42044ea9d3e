-- Its last day ends it, whether it took force or not.
WITH known AS (
    INSERT INTO overrides (override, override_from, approvals) VALUES (%(override)s, %(override_from)s, 0)
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
VALUES ('override', %(override)s, 'ends', '00000000-0000-0000-0000-000000000000', '', '', '', %(_program)s, NULL, %(override_to)s)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
