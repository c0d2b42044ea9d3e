-- The line goes through another distributor: it and those above it read its leg and the dealer's, and nothing of who was there before (ROE-17).
-- May touch no row: nobody is named to read it
WITH made AS (
    INSERT INTO network_deals AS d (reader, registration, line, tier, partner, program, filed_by, registration_class, customer, customer_name, value_amount, value_currency, close_on, territory, sites, opportunity, fields,
        state, since, submitted_at, changes, window_from, window_to)
    SELECT DISTINCT ON (r.reader) r.reader, s.registration, l.line, 'distributor', %(partner)s, s.program, s.filed_by, s.registration_class, s.customer, s.customer_name, s.value_amount, s.value_currency, s.close_on,
        l.scope ->> 'territory', l.scope -> 'sites', s.opportunity, (SELECT o.fields FROM opportunities AS o WHERE o.opportunity = s.opportunity),
        coalesce(
            CASE WHEN w.window_from <= %(named_at)s::timestamptz THEN 'protected' WHEN w.window_from IS NOT NULL THEN 'approved' END,
            (SELECT k.state FROM network_deals AS k WHERE k.registration = %(registration)s AND k.line = %(line)s AND k.tier = 'dealer' AND k.state IN ('pending', 'waiting', 'offered', 'approved', 'protected', 'suspended') ORDER BY k.reader, k.partner LIMIT 1),
            'pending'
        ),
        %(_effective_at)s::timestamptz, s.submitted_at, 1, w.window_from, w.window_to
    FROM registrations AS s,
        LATERAL (SELECT k.line, k.scope FROM jsonb_to_recordset(s.lines) AS k (line text, scope jsonb) WHERE k.line = %(line)s LIMIT 1) AS l,
        (
            SELECT j.reader::uuid FROM jsonb_array_elements_text(%(distributors)s::jsonb) AS j (reader)
        ) AS r
    LEFT JOIN jsonb_to_record(coalesce(nullif(%(window)s::jsonb, 'null'), '{}')) AS w (window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz) ON true
    WHERE s.registration = %(registration)s
    ON CONFLICT (reader, registration, line, tier, partner) DO UPDATE SET
        state = excluded.state, since = excluded.since, clause = NULL, window_from = excluded.window_from, window_to = excluded.window_to,
        grace_to = NULL, changes = d.changes + 1
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
), copied AS (
    INSERT INTO network_deals AS d
    SELECT DISTINCT ON (r.reader, k.tier, k.partner) (jsonb_populate_record(k, jsonb_build_object('reader', r.reader, 'changes', 1))).*
    FROM network_deals AS k, jsonb_array_elements_text(%(distributors)s::jsonb) AS r (reader)
    WHERE k.registration = %(registration)s AND k.line = %(line)s AND k.tier = 'dealer' AND k.state IN ('pending', 'waiting', 'offered', 'approved', 'protected', 'suspended')
    ORDER BY r.reader, k.tier, k.partner, k.reader
    ON CONFLICT (reader, registration, line, tier, partner) DO NOTHING
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM (SELECT * FROM made UNION ALL SELECT * FROM copied) AS m
