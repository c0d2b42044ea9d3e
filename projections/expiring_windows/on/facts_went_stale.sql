-- Nothing but the hard stop ends it, and that is shown (ROE-22).
-- May touch no row: nothing of it is protected
UPDATE expiring_windows AS w SET stale_since = %(since)s::timestamptz, ends_at = g.ends_at
FROM (SELECT DISTINCT ON (g.tier, g.partner) g.* FROM jsonb_to_recordset(%(legs)s) AS g (tier text, partner text, ends_at timestamptz) ORDER BY g.tier, g.partner, g.ends_at) AS g
WHERE w.registration = %(registration)s AND w.line = %(line)s AND (w.tier, w.partner) = (g.tier, g.partner)
