-- In a tender's class there is no window: what was protected stays approved, what waited is judged (ROE-23).
WITH moved AS (
    UPDATE protected_customers AS d
    SET state = CASE WHEN d.state IN ('approved', 'protected', 'suspended') THEN 'approved' ELSE 'pending' END,
        since = %(_effective_at)s, clause = %(clause)s, changes = d.changes + 1,
        window_from = NULL, window_to = NULL, grace_to = NULL, offer_to = NULL, extension = NULL, held_to = NULL, reason = %(reason)s, tender = true, hard_stop_at = NULL, conflict = NULL, leaves_at = NULL
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.state IN ('pending', 'queued', 'contested', 'offered', 'approved', 'protected', 'suspended')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since, d.reason
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at, reason, actor_role, actor)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since, m.reason, %(_actor_role)s, %(_actor_subject)s
FROM moved AS m
