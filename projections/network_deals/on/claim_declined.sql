-- May touch no row: a registration without a distributor has no reader here
WITH moved AS (
    UPDATE network_deals AS d
    SET state = 'declined', since = %(_effective_at)s, clause = %(clause)s, shown = %(shown)s, changes = d.changes + 1, offer_to = NULL
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.state IN ('pending', 'waiting', 'offered', 'approved', 'protected', 'suspended')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM moved AS m
