-- What was due meanwhile is due now (ROE-22); a leg whose clock an override has stopped gets its end back with that.
-- May touch no row: its limit has passed, and no leg runs
WITH over AS (
    DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND what = 'stale_limit'
), thawed AS (
    UPDATE falling_due AS f SET due_at = g.ends_at FROM (SELECT DISTINCT ON (g.tier, g.partner) g.* FROM jsonb_to_recordset(%(legs)s) AS g (tier text, partner text, ends_at timestamptz, hold_to timestamptz) ORDER BY g.tier, g.partner, g.ends_at) AS g
    WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND what = 'ends' AND (g.tier, g.partner) = (f.tier, f.partner)
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT DISTINCT ON (f.tier, f.partner) f.aggregate, f.subject, 'hold_ends', f.registration, f.line, f.tier, f.partner, f.program, f.source, g.hold_to
FROM falling_due AS f
JOIN jsonb_to_recordset(%(legs)s) AS g (tier text, partner text, ends_at timestamptz, hold_to timestamptz) USING (tier, partner)
WHERE f.aggregate = 'file' AND f.subject = %(customer)s AND f.registration = %(registration)s AND f.line = %(line)s AND f.what = 'ends' AND g.hold_to IS NOT NULL
ORDER BY f.tier, f.partner, g.hold_to
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
