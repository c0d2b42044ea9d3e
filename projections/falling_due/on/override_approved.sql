-- The second approval lets it take force on its first day.
-- May touch no row: it was the first of two
WITH known AS (
    UPDATE overrides SET approvals = approvals + 1 WHERE override = %(override)s RETURNING override, override_from, approvals
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'override', k.override, 'begins', '00000000-0000-0000-0000-000000000000', '', '', '', %(_program)s, NULL, k.override_from FROM known AS k WHERE k.approvals >= 2
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
