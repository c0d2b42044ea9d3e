-- What waited no longer does; a window that begins later begins first. By when progress is asked for (ROE-14).
-- May touch no row: approved without a window (tender, second under a graded doctrine)
WITH before AS (
    DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND what IN ('queue_ends', 'again', 'identity_due', 'offer_ends', 'review_due')
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, w.what, %(registration)s::uuid, %(line)s, g.tier, g.partner, %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), w.due_at
FROM (
    SELECT DISTINCT ON (l.tier, l.partner) l.*
    FROM jsonb_to_recordset(%(legs)s) AS l (tier text, partner text, window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz)
    ORDER BY l.tier, l.partner, l.window_from, l.window_to, l.hard_stop_at
) AS g
CROSS JOIN LATERAL (VALUES ('begins', g.window_from), ('ends', least(g.window_to, g.hard_stop_at))) AS w (what, due_at)
WHERE w.what = 'ends' OR w.due_at > %(approved_at)s
UNION ALL
SELECT 'file', %(customer)s::uuid, w.what, %(registration)s::uuid, %(line)s, '', '', %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), w.due_at
FROM jsonb_to_record(coalesce(nullif(%(progress)s::jsonb, 'null'), '{}')) AS p (remind_at timestamptz, suspend_at timestamptz, release_at timestamptz)
CROSS JOIN LATERAL (VALUES ('progress_reminds', p.remind_at), ('progress_suspends', p.suspend_at), ('progress_releases', p.release_at)) AS w (what, due_at)
WHERE w.due_at IS NOT NULL
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
