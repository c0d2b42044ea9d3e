-- The registration's own legs read it, and those who decide.
WITH partners AS (
    INSERT INTO special_prices (reader, special_price, program, registration, line, asked_by, distributor, discount, size_amount, size_currency,
                                state, requested_at)
    SELECT DISTINCT p.reader::uuid, %(special_price)s::uuid, %(_program)s, %(registration)s::uuid, %(line)s, %(asked_by)s, %(distributor)s,
        %(discount)s::numeric, (%(size)s::jsonb ->> 'amount')::numeric, %(size)s::jsonb ->> 'currency', 'requested', %(requested_at)s::timestamptz
    FROM jsonb_array_elements_text(%(dealers)s::jsonb || %(distributors)s::jsonb) AS p (reader)
    ON CONFLICT DO NOTHING
)
INSERT INTO special_price_queue (reader, special_price, program, registration, customer, line, asked_by, distributor, discount, size_amount,
                                 size_currency, competitor, state, levels_left, requested_at)
SELECT DISTINCT m.reader::uuid, %(special_price)s::uuid, %(_program)s, %(registration)s::uuid, %(customer)s::uuid, %(line)s, %(asked_by)s, %(distributor)s,
    %(discount)s::numeric, (%(size)s::jsonb ->> 'amount')::numeric, %(size)s::jsonb ->> 'currency', %(competitor)s, 'requested', %(levels)s::jsonb,
    %(requested_at)s::timestamptz
FROM jsonb_array_elements_text(%(managers)s) AS m (reader)
ON CONFLICT DO NOTHING
