-- What was missing is there: lines, legs and readers may be others now; what is decided already keeps its state.
-- May touch no row: a registration without a distributor has no reader here
WITH said AS (
    UPDATE registrations SET
        customer = coalesce(%(customer)s::uuid, customer), customer_name = coalesce(%(customer_name)s::text, customer_name),
        value_amount = coalesce((%(value)s::jsonb ->> 'amount')::numeric, value_amount),
        value_currency = coalesce(%(value)s::jsonb ->> 'currency', value_currency),
        close_on = coalesce(%(close_on)s::date, close_on), lines = coalesce(%(lines)s::jsonb, lines),
        readers = coalesce(%(readers)s::jsonb -> 'distributors', readers)
    WHERE registration = %(registration)s
    RETURNING *
), wanted AS (
    SELECT DISTINCT ON (r.reader, l.line, g.tier, g.partner) r.reader::uuid, l.line, l.scope, g.tier, g.partner
    FROM said AS s, jsonb_array_elements_text(s.readers) AS r (reader),
        jsonb_to_recordset(s.lines) AS l (line text, scope jsonb, legs jsonb), jsonb_to_recordset(l.legs) AS g (tier text, partner text)
), gone AS (
    DELETE FROM network_deals AS d WHERE d.registration = %(registration)s AND d.state = 'incomplete'
    AND NOT EXISTS (SELECT FROM wanted AS w WHERE (w.reader, w.line, w.tier, w.partner) = (d.reader, d.line, d.tier, d.partner))
)
INSERT INTO network_deals AS d (reader, registration, line, tier, partner, program, filed_by, registration_class, customer, customer_name, value_amount, value_currency, close_on, territory, sites, opportunity, fields,
        state, since, submitted_at, changes)
SELECT w.reader, s.registration, w.line, w.tier, w.partner, s.program, s.filed_by, s.registration_class, s.customer, s.customer_name, s.value_amount, s.value_currency, s.close_on,
    w.scope ->> 'territory', w.scope -> 'sites', s.opportunity, (SELECT o.fields FROM opportunities AS o WHERE o.opportunity = s.opportunity),
    'incomplete', %(_effective_at)s::timestamptz, s.submitted_at, 0
FROM wanted AS w, said AS s
-- A line that is decided gains no row: its readers are those that its facts named since (ROE-10, ROE-17).
WHERE NOT EXISTS (SELECT FROM network_deals AS k WHERE k.registration = %(registration)s AND k.line = w.line AND k.state <> 'incomplete')
    OR EXISTS (SELECT FROM network_deals AS k WHERE (k.reader, k.registration, k.line, k.tier, k.partner) = (w.reader, %(registration)s, w.line, w.tier, w.partner))
ON CONFLICT (reader, registration, line, tier, partner) DO UPDATE SET
    customer = excluded.customer, customer_name = excluded.customer_name, value_amount = excluded.value_amount,
    value_currency = excluded.value_currency, close_on = excluded.close_on, territory = excluded.territory, sites = excluded.sites,
    asked = NULL, answer_by = NULL
