-- My special prices, newest first.
SELECT special_price, program, registration, line, asked_by, distributor, discount, size_amount, size_currency, state, reason, requested_at, price_to,
    jsonb_build_array(requested_at, special_price)::text AS cursor
FROM special_prices
WHERE (requested_at, special_price) < (coalesce((%(after)s::jsonb ->> 0)::timestamptz, 'infinity'), (%(after)s::jsonb ->> 1)::uuid)
    AND (%(state)s::text IS NULL OR state = %(state)s)
ORDER BY requested_at DESC, special_price DESC
LIMIT coalesce(%(limit)s::integer, 100)
