-- May touch no row: no review clock is in force
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, 'extension_due', %(registration)s::uuid, %(line)s, %(tier)s, %(partner)s, %(_program)s, NULL, %(decide_by)s::timestamptz
WHERE %(decide_by)s::timestamptz IS NOT NULL
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
