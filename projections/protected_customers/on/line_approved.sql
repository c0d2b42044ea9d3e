-- A leg without a window (tender, second under a graded doctrine) is approved and protects nobody.
WITH moved AS (
    UPDATE protected_customers AS d
    SET (state, window_from, window_to, hard_stop_at) = (
            SELECT CASE WHEN max(w.window_from) <= %(approved_at)s THEN 'protected' ELSE 'approved' END, max(w.window_from), max(w.window_to), max(w.hard_stop_at)
            FROM jsonb_to_recordset(%(legs)s) AS w (tier text, partner text, window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz)
            WHERE w.tier = d.tier AND w.partner = d.partner
        ),
        benefit = %(benefit)s::numeric, since = %(_effective_at)s, clause = %(clause)s, changes = d.changes + 1, grace_to = NULL, offer_to = NULL, extension = NULL, held_to = NULL, progress_by = NULL, overdue_since = NULL, reason = %(reason)s, approved_by = %(approved_by)s, conflict = NULL, leaves_at = NULL, review_to = NULL
    WHERE d.registration = %(registration)s AND d.line = %(line)s AND d.state IN ('pending', 'queued', 'contested', 'offered', 'approved', 'protected', 'suspended')
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since, d.reason
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at, reason, actor_role, actor)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since, m.reason, %(_actor_role)s, %(_actor_subject)s
FROM moved AS m
