-- Hidden from the distributors that it names: their rows are kept for the reader that nobody is (ROE-32).
-- May touch no row: a registration without a distributor has no reader here
WITH said AS (
    UPDATE registrations SET readers = %(readers)s::jsonb -> 'distributors' WHERE registration = %(registration)s
), gone AS (
    DELETE FROM network_deals AS d WHERE d.registration = %(registration)s
        AND d.reader NOT IN (SELECT r.reader::uuid FROM jsonb_array_elements_text(%(readers)s::jsonb -> 'distributors') AS r (reader))
    RETURNING d.*
), forgotten AS (
    DELETE FROM changes AS c USING gone AS g
    WHERE (c.reader, c.registration, c.line, c.tier, c.partner) = (g.reader, g.registration, g.line, g.tier, g.partner)
), kept AS (
    SELECT DISTINCT ON (r.reader, g.line, g.tier, g.partner) r.reader AS new_reader, g.*
    FROM gone AS g, jsonb_array_elements_text(%(readers)s::jsonb -> 'distributors') AS r (reader)
    ORDER BY r.reader, g.line, g.tier, g.partner, g.reader
)
INSERT INTO network_deals AS d (
    reader, registration, line, tier, partner, program, filed_by, registration_class, customer, customer_name, territory, sites, value_amount,
    value_currency, close_on, stage, opportunity, fields, state, since, clause, missing, asked, answer_by, window_from, window_to, grace_to, offer_to,
    submitted_at, completed_at, changes
)
SELECT k.new_reader::uuid, k.registration, k.line, k.tier, k.partner, k.program, k.filed_by, k.registration_class, k.customer, k.customer_name, k.territory,
    k.sites, k.value_amount, k.value_currency, k.close_on, k.stage, k.opportunity, k.fields, k.state, k.since, k.clause, k.missing, k.asked, k.answer_by,
    k.window_from, k.window_to, k.grace_to, k.offer_to, k.submitted_at, k.completed_at, 1
FROM kept AS k
ON CONFLICT (reader, registration, line, tier, partner) DO NOTHING
