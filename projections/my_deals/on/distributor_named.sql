-- The line goes through another distributor: the dealer reads its leg, and its own as it stands (ROE-17).
-- May touch no row: a registration without a dealer has no reader here
WITH made AS (
    INSERT INTO my_deals AS d (reader, registration, line, tier, partner, program, filed_by, registration_class, customer, customer_name, value_amount, value_currency, close_on, territory, sites, opportunity, fields,
        state, since, submitted_at, changes, window_from, window_to)
    SELECT DISTINCT ON (r.reader) r.reader, s.registration, l.line, 'distributor', %(partner)s, s.program, s.filed_by, s.registration_class, s.customer, s.customer_name, s.value_amount, s.value_currency, s.close_on,
        l.scope ->> 'territory', l.scope -> 'sites', s.opportunity, (SELECT o.fields FROM opportunities AS o WHERE o.opportunity = s.opportunity),
        coalesce(
            CASE WHEN w.window_from <= %(named_at)s::timestamptz THEN 'protected' WHEN w.window_from IS NOT NULL THEN 'approved' END,
            (SELECT k.state FROM my_deals AS k WHERE k.registration = %(registration)s AND k.line = %(line)s AND k.tier = 'dealer' AND k.state IN ('pending', 'waiting', 'offered', 'approved', 'protected', 'suspended') ORDER BY k.reader, k.partner LIMIT 1),
            'pending'
        ),
        %(_effective_at)s::timestamptz, s.submitted_at, 1, w.window_from, w.window_to
    FROM registrations AS s,
        LATERAL (SELECT k.line, k.scope FROM jsonb_to_recordset(s.lines) AS k (line text, scope jsonb) WHERE k.line = %(line)s LIMIT 1) AS l,
        (
            SELECT k.reader FROM my_deals AS k WHERE k.registration = %(registration)s AND k.line = %(line)s AND k.tier = 'dealer' AND k.state IN ('pending', 'waiting', 'offered', 'approved', 'protected', 'suspended')
        ) AS r
    LEFT JOIN jsonb_to_record(coalesce(nullif(%(window)s::jsonb, 'null'), '{}')) AS w (window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz) ON true
    WHERE s.registration = %(registration)s
    ON CONFLICT (reader, registration, line, tier, partner) DO UPDATE SET
        state = excluded.state, since = excluded.since, clause = NULL, window_from = excluded.window_from, window_to = excluded.window_to,
        grace_to = NULL, changes = d.changes + 1
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM made AS m
