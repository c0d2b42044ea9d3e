-- The line takes its place in the customer file; one that comes again begins anew.
-- May touch no row: it was pending already; a registration without a distributor has no reader here
WITH before AS (
    SELECT reader, registration, line, tier, partner, state FROM network_deals WHERE registration = %(registration)s AND line = %(line)s
), moved AS (
    UPDATE network_deals AS d
    SET customer = %(customer)s, state = 'pending', clause = NULL, window_from = NULL, window_to = NULL, grace_to = NULL, offer_to = NULL,
        since = CASE WHEN d.state = 'pending' THEN d.since ELSE %(_effective_at)s::timestamptz END,
        changes = d.changes + (d.state <> 'pending')::integer, completed_at = %(completed_at)s
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND (d.tier, d.partner) IN (SELECT g.tier, g.partner FROM jsonb_to_recordset(%(legs)s) AS g (tier text, partner text))
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM moved AS m
JOIN before AS b USING (reader, registration, line, tier, partner)
WHERE b.state <> 'pending'
