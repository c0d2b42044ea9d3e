-- May touch no row: its lines name no partner yet (ROE-2), and a row is a leg's
-- A row for each reader, line and leg, before anything is decided.
WITH said AS (
    INSERT INTO registrations (registration, program, filed_by, registration_class, customer, customer_name, value_amount, value_currency, close_on, opportunity, submitted_at, readers, lines)
    VALUES (%(registration)s, %(_program)s, %(filed_by)s, %(registration_class)s, %(customer)s, %(customer_name)s,
            (%(value)s::jsonb ->> 'amount')::numeric, %(value)s::jsonb ->> 'currency', %(close_on)s, %(opportunity)s, %(submitted_at)s,
            %(readers)s::jsonb -> 'managers', %(lines)s)
    RETURNING *
), made AS (
    INSERT INTO protected_customers (reader, registration, line, tier, partner, program, filed_by, registration_class, customer, customer_name, value_amount, value_currency, close_on, territory, sites, opportunity, fields,
        state, since, submitted_at, changes)
    SELECT r.reader::uuid, s.registration, l.line, g.tier, g.partner, s.program, s.filed_by, s.registration_class, s.customer, s.customer_name, s.value_amount, s.value_currency, s.close_on,
        l.scope ->> 'territory', l.scope -> 'sites', s.opportunity, (SELECT o.fields FROM opportunities AS o WHERE o.opportunity = s.opportunity),
        'incomplete', %(_effective_at)s::timestamptz, s.submitted_at, 1
    FROM said AS s, jsonb_array_elements_text(s.readers) AS r (reader),
        jsonb_to_recordset(s.lines) AS l (line text, scope jsonb, legs jsonb), jsonb_to_recordset(l.legs) AS g (tier text, partner text)
    ON CONFLICT DO NOTHING
    RETURNING reader, registration, line, tier, partner, changes, state, clause, since, reason
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at, reason, actor_role, actor)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, 'submitted', m.clause, m.since, m.reason, %(_actor_role)s, %(_actor_subject)s
FROM made AS m
