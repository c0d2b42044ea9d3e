-- A loss was taken back: an end that is none.
-- May touch no row: a registration without a dealer has no reader here
WITH moved AS (
    UPDATE my_deals AS d
    SET state = 'protected', since = %(_effective_at)s, clause = NULL, window_to = %(window_to)s, grace_to = NULL, held_to = NULL, changes = d.changes + 1
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.tier = %(tier)s AND d.partner = %(partner)s
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM moved AS m
