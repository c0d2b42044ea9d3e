-- What falls due in the file that was taken over falls due in this one (ROE-24).
-- May touch no row: nothing of it was to fall due, or an earlier fact moved it
WITH moved AS (
    DELETE FROM falling_due
    WHERE aggregate = 'file' AND subject = %(absorbed)s::uuid AND program = %(_program)s AND %(absorbed)s::uuid <> %(customer)s::uuid
    RETURNING what, registration, line, tier, partner, program, source, due_at
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, m.what, m.registration, m.line, m.tier, m.partner, m.program, m.source, m.due_at FROM moved AS m
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
