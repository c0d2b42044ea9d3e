-- Every line and leg of one registration.
SELECT registration, line, tier, partner, program, filed_by, registration_class,
    customer_name, territory, sites, value_amount, value_currency, close_on, stage, opportunity,
    fields, state, since, benefit, credit, clause, shown, missing, asked, answer_by, window_from,
    window_to, grace_to, offer_to, extension, held_to, stale_since, progress_by, submitted_at, completed_at
FROM network_deals WHERE registration = %(registration)s ORDER BY line, tier, partner
