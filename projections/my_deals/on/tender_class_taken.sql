-- In a tender's class there is no window: what was protected stays approved, what waited is judged (ROE-23).
-- May touch no row: a registration without a dealer has no reader here
WITH moved AS (
    UPDATE my_deals AS d
    SET state = CASE WHEN d.state IN ('approved', 'protected', 'suspended') THEN 'approved' ELSE 'pending' END,
        since = %(_effective_at)s, clause = NULL, changes = d.changes + 1,
        window_from = NULL, window_to = NULL, grace_to = NULL, offer_to = NULL, extension = NULL, held_to = NULL
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.state IN ('pending', 'waiting', 'offered', 'approved', 'protected', 'suspended')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM moved AS m
