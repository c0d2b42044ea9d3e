-- Both said yes: from here on each reads the other's leg on this line (ROE-10).
-- A dealer that joins takes an empty place: who held it before is out, and does not learn who came after.
-- May touch no row: a registration without a dealer has no reader here
WITH made AS (
    INSERT INTO my_deals AS d (reader, registration, line, tier, partner, program, filed_by, registration_class, customer, customer_name, value_amount, value_currency, close_on, territory, sites, opportunity, fields,
        state, since, submitted_at, changes, window_from, window_to)
    SELECT r.reader, s.registration, l.line, g.tier, g.partner, s.program, s.filed_by, s.registration_class, s.customer, s.customer_name, s.value_amount, s.value_currency, s.close_on,
        l.scope ->> 'territory', l.scope -> 'sites', s.opportunity, (SELECT o.fields FROM opportunities AS o WHERE o.opportunity = s.opportunity),
        'protected', %(_effective_at)s::timestamptz, s.submitted_at, 1, g.window_from, g.window_to
    FROM registrations AS s,
        LATERAL (SELECT k.line, k.scope FROM jsonb_to_recordset(s.lines) AS k (line text, scope jsonb) WHERE k.line = %(line)s LIMIT 1) AS l,
        jsonb_to_record(%(leg)s) AS g (tier text, partner text, window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz),
        LATERAL (
            SELECT k.reader FROM my_deals AS k WHERE k.registration = %(registration)s AND k.line = %(line)s AND g.tier <> 'dealer'
            UNION SELECT j.reader::uuid FROM jsonb_array_elements_text(%(dealers)s::jsonb) AS j (reader)
        ) AS r
    WHERE s.registration = %(registration)s
    ON CONFLICT (reader, registration, line, tier, partner) DO UPDATE SET
        state = 'protected', since = excluded.since, clause = NULL, window_from = excluded.window_from, window_to = excluded.window_to,
        grace_to = NULL, held_to = NULL, extension = NULL, changes = d.changes + 1
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM made AS m
