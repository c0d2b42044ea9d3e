WITH moved AS (
    UPDATE protected_customers AS d
    SET state = 'declined', since = %(_effective_at)s, clause = %(clause)s, shown = %(shown)s, reason = %(reason)s, changes = d.changes + 1, offer_to = NULL, conflict = NULL, leaves_at = NULL, review_to = NULL
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.state IN ('pending', 'queued', 'contested', 'offered', 'approved', 'protected', 'suspended')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since, d.reason
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at, reason, actor_role, actor)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since, m.reason, %(_actor_role)s, %(_actor_subject)s
FROM moved AS m
