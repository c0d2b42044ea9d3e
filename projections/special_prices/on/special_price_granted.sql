-- May touch no row: a fact whose request was never told
WITH partners AS (
    UPDATE special_prices SET state = 'granted', discount = %(discount)s::numeric, price_to = %(price_to)s::timestamptz
    WHERE special_price = %(special_price)s
)
UPDATE special_price_queue SET state = 'granted', discount = %(discount)s::numeric, price_to = %(price_to)s::timestamptz, review_to = NULL
WHERE special_price = %(special_price)s
