-- A leg without a window (tender, second under a graded doctrine) is approved and protects nobody.
-- May touch no row: a registration without a distributor has no reader here
WITH moved AS (
    UPDATE network_deals AS d
    SET (state, window_from, window_to) = (
            SELECT CASE WHEN max(w.window_from) <= %(approved_at)s THEN 'protected' ELSE 'approved' END, max(w.window_from), max(w.window_to)
            FROM jsonb_to_recordset(%(legs)s) AS w (tier text, partner text, window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz)
            WHERE w.tier = d.tier AND w.partner = d.partner
        ),
        benefit = %(benefit)s::numeric, since = %(_effective_at)s, clause = NULL, changes = d.changes + 1, grace_to = NULL, offer_to = NULL, extension = NULL, held_to = NULL, progress_by = NULL
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.state IN ('pending', 'waiting', 'offered', 'approved', 'protected', 'suspended')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM moved AS m
