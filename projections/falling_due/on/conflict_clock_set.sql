-- `registration` holds the conflict's id. Each fact says all that falls due in it: what it leaves out is never.
-- May touch no row: the conflict is closed and nothing of it was to fall due
WITH said (what, due_at) AS (
    SELECT s.what, s.due_at FROM (VALUES
        ('evidence_ends', %(evidence_to)s::timestamptz), ('ruling_due', %(ruling_to)s::timestamptz),
        ('stay_ends', %(stay_to)s::timestamptz), ('appeal_ends', %(appeal_to)s::timestamptz)
    ) AS s (what, due_at) WHERE s.due_at IS NOT NULL
), gone AS (
    DELETE FROM falling_due AS f WHERE f.aggregate = 'file' AND f.subject = %(customer)s AND f.registration = %(conflict)s
        AND f.what IN ('evidence_ends', 'ruling_due', 'stay_ends', 'appeal_ends') AND f.what NOT IN (SELECT s.what FROM said AS s)
    RETURNING f.what
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, s.what, %(conflict)s::uuid, %(line)s, '', '', %(_program)s, NULL, s.due_at FROM said AS s
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
