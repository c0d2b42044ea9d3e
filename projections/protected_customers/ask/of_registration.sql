-- Every line and leg of one registration.
SELECT registration, line, tier, partner, program, filed_by, registration_class, customer,
    customer_name, territory, sites, value_amount, value_currency, close_on, stage, opportunity,
    fields, state, since, benefit, credit, clause, shown, reason, conflict, priority_at, review_to,
    leaves_at, approved_by, hard_stop_at, tender, missing, asked, answer_by, window_from,
    window_to, grace_to, offer_to, extension, held_to, stale_since, progress_by, overdue_since, submitted_at, completed_at
FROM protected_customers WHERE registration = %(registration)s ORDER BY line, tier, partner
