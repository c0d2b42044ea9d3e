-- Partners read one word for every way of waiting: who waits, for whom and how is not theirs to know, nor that it changed.
-- May touch no row: a registration without a distributor has no reader here; it waits already
WITH moved AS (
    UPDATE network_deals AS d
    SET state = 'waiting', since = %(_effective_at)s, clause = NULL, changes = d.changes + 1, offer_to = NULL
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.state IN ('pending', 'offered', 'approved', 'protected', 'suspended')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM moved AS m
