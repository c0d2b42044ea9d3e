-- Before it was complete; afterwards leg_withdrawn says so.
-- May touch no row: the registration was complete
WITH moved AS (
    UPDATE my_deals AS d
    SET state = 'withdrawn', since = %(_effective_at)s, clause = NULL, changes = d.changes + 1, answer_by = NULL
    WHERE d.registration = %(registration)s AND d.partner = %(partner)s AND d.state IN ('incomplete')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM moved AS m
