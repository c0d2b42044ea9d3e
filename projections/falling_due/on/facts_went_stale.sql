-- Nothing but the hard stop ends the legs; the clocks of progress and holds stand (ROE-22).
-- May touch no row: the limit has passed, and no leg runs
WITH stood AS (
    DELETE FROM falling_due AS f
    WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s
        AND (what IN ('progress_reminds', 'progress_suspends', 'progress_releases') OR (what = 'hold_ends' AND EXISTS (SELECT FROM jsonb_to_recordset(%(legs)s) AS g (tier text, partner text, ends_at timestamptz, hold_to timestamptz) WHERE (g.tier, g.partner) = (f.tier, f.partner))))
), frozen AS (
    UPDATE falling_due AS f SET due_at = g.ends_at FROM (SELECT DISTINCT ON (g.tier, g.partner) g.* FROM jsonb_to_recordset(%(legs)s) AS g (tier text, partner text, ends_at timestamptz, hold_to timestamptz) ORDER BY g.tier, g.partner, g.ends_at) AS g
    WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND what = 'ends' AND (g.tier, g.partner) = (f.tier, f.partner)
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, 'stale_limit', %(registration)s::uuid, %(line)s, '', '', %(_program)s, NULL, %(limit_at)s::timestamptz
WHERE %(limit_at)s::timestamptz IS NOT NULL
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
