-- One special price, as those who decide read it.
SELECT special_price, program, registration, customer, line, asked_by, distributor, discount, size_amount, size_currency, competitor, state, reason,
    levels_left, decisions, requested_at, review_to, escalated_to, price_to
FROM special_price_queue WHERE special_price = %(special_price)s
