-- The clock counts anew or goes on; while it stands, nothing of it falls due (ROE-14).
-- May touch no row: the clock stands
WITH before AS (
    DELETE FROM falling_due
    WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s
        AND what IN ('progress_reminds', 'progress_suspends', 'progress_releases') AND jsonb_typeof(%(limits)s::jsonb) = 'object'
        AND %(limits)s::jsonb ->> CASE what WHEN 'progress_reminds' THEN 'remind_at' WHEN 'progress_suspends' THEN 'suspend_at' ELSE 'release_at' END IS NULL
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, w.what, %(registration)s::uuid, %(line)s, '', '', %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), w.due_at
FROM jsonb_to_record(coalesce(nullif(%(limits)s::jsonb, 'null'), '{}')) AS p (remind_at timestamptz, suspend_at timestamptz, release_at timestamptz)
CROSS JOIN LATERAL (VALUES ('progress_reminds', p.remind_at), ('progress_suspends', p.suspend_at), ('progress_releases', p.release_at)) AS w (what, due_at)
WHERE w.due_at IS NOT NULL
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
