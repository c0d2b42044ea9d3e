-- May touch no row: its lines name no partner yet (ROE-2), and a row is a leg's
-- Incomplete, or unanswered, for too long.
WITH moved AS (
    UPDATE protected_customers AS d
    SET state = 'withdrawn', since = %(_effective_at)s, clause = NULL, reason = %(reason)s, changes = d.changes + 1, answer_by = NULL
    WHERE d.registration = %(registration)s AND d.state IN ('incomplete', 'pending', 'queued', 'contested')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since, d.reason
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at, reason, actor_role, actor)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since, m.reason, %(_actor_role)s, %(_actor_subject)s
FROM moved AS m
