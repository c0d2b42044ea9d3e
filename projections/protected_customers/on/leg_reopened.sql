-- A loss was taken back: an end that is none.
WITH moved AS (
    UPDATE protected_customers AS d
    SET state = 'protected', since = %(_effective_at)s, clause = NULL, window_to = %(window_to)s, grace_to = NULL, held_to = NULL, changes = d.changes + 1, hard_stop_at = %(hard_stop_at)s, reason = NULL
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.tier = %(tier)s AND d.partner = %(partner)s
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since, d.reason
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at, reason, actor_role, actor)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since, m.reason, %(_actor_role)s, %(_actor_subject)s
FROM moved AS m
