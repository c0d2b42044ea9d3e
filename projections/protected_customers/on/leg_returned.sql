-- A leg suspended in grace with its clock stopped has what was left of it as its window; where the clock ran, the grace stands.
WITH moved AS (
    UPDATE protected_customers AS d
    SET state = CASE WHEN %(remains_suspended)s::boolean THEN 'suspended' WHEN d.window_from > %(_effective_at)s::timestamptz THEN 'approved' ELSE 'protected' END, since = %(_effective_at)s::timestamptz, clause = CASE WHEN %(remains_suspended)s::boolean THEN nullif(d.clause, %(clause)s) END, reason = NULL, changes = d.changes + 1, window_to = %(window_to)s::timestamptz,
        grace_to = CASE WHEN d.grace_to > %(window_to)s::timestamptz THEN d.grace_to END, held_to = CASE WHEN d.held_to > %(window_to)s::timestamptz THEN d.held_to END, hard_stop_at = %(hard_stop_at)s
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.tier = %(tier)s AND d.partner = %(partner)s AND d.state IN ('pending', 'queued', 'contested', 'offered', 'approved', 'protected', 'suspended')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since, d.reason
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at, reason, actor_role, actor)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since, m.reason, %(_actor_role)s, %(_actor_subject)s
FROM moved AS m
