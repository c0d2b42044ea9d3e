-- The line goes through another distributor; the dealer's leg stays as it is (ROE-17).
WITH made AS (
    INSERT INTO protected_customers AS d (reader, registration, line, tier, partner, program, filed_by, registration_class, customer, customer_name, value_amount, value_currency, close_on, territory, sites, opportunity, fields,
        state, since, submitted_at, changes, window_from, window_to, hard_stop_at)
    SELECT DISTINCT ON (r.reader) r.reader, s.registration, l.line, 'distributor', %(partner)s, s.program, s.filed_by, s.registration_class, s.customer, s.customer_name, s.value_amount, s.value_currency, s.close_on,
        l.scope ->> 'territory', l.scope -> 'sites', s.opportunity, (SELECT o.fields FROM opportunities AS o WHERE o.opportunity = s.opportunity),
        coalesce(
            CASE WHEN w.window_from <= %(named_at)s::timestamptz THEN 'protected' WHEN w.window_from IS NOT NULL THEN 'approved' END,
            (SELECT k.state FROM protected_customers AS k WHERE k.registration = %(registration)s AND k.line = %(line)s AND k.tier = 'dealer' AND k.state IN ('pending', 'queued', 'contested', 'offered', 'approved', 'protected', 'suspended') ORDER BY k.reader, k.partner LIMIT 1),
            'pending'
        ),
        %(_effective_at)s::timestamptz, s.submitted_at, 1, w.window_from, w.window_to, w.hard_stop_at
    FROM registrations AS s,
        LATERAL (SELECT k.line, k.scope FROM jsonb_to_recordset(s.lines) AS k (line text, scope jsonb) WHERE k.line = %(line)s LIMIT 1) AS l,
        (
            SELECT k.reader FROM protected_customers AS k WHERE k.registration = %(registration)s AND k.line = %(line)s
        ) AS r
    LEFT JOIN jsonb_to_record(coalesce(nullif(%(window)s::jsonb, 'null'), '{}')) AS w (window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz) ON true
    WHERE s.registration = %(registration)s
    ON CONFLICT (reader, registration, line, tier, partner) DO UPDATE SET
        state = excluded.state, since = excluded.since, clause = NULL, window_from = excluded.window_from, window_to = excluded.window_to,
        grace_to = NULL, changes = d.changes + 1, hard_stop_at = excluded.hard_stop_at, reason = NULL
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since, d.reason
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at, reason, actor_role, actor)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since, m.reason, %(_actor_role)s, %(_actor_subject)s
FROM made AS m
