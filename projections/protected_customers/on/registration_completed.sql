-- May touch no row: it was complete before, and somebody asked for more
WITH moved AS (
    UPDATE protected_customers AS d
    SET state = 'pending', since = %(_effective_at)s, clause = NULL, reason = NULL, changes = d.changes + 1, missing = NULL, asked = NULL, answer_by = NULL, completed_at = %(completed_at)s, priority_at = %(priority_at)s
    WHERE d.registration = %(registration)s AND d.state IN ('incomplete')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since, d.reason
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at, reason, actor_role, actor)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since, m.reason, %(_actor_role)s, %(_actor_subject)s
FROM moved AS m
