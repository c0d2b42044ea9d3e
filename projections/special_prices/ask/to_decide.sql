-- What waits for a level, the one that is due first first.
SELECT special_price, program, registration, customer, line, asked_by, distributor, discount, size_amount, size_currency, competitor, state, reason,
    levels_left, decisions, requested_at, review_to, escalated_to, price_to,
    jsonb_build_array(review_to, special_price)::text AS cursor
FROM special_price_queue
WHERE state = 'requested'
    AND (review_to, special_price) > (coalesce((%(after)s::jsonb ->> 0)::timestamptz, '-infinity'), coalesce((%(after)s::jsonb ->> 1)::uuid, '00000000-0000-0000-0000-000000000000'))
ORDER BY review_to, special_price
LIMIT coalesce(%(limit)s::integer, 100)
