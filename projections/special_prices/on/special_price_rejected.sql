-- May touch no row: a fact whose request was never told
WITH partners AS (
    UPDATE special_prices SET state = 'rejected', reason = %(reason)s WHERE special_price = %(special_price)s
)
UPDATE special_price_queue SET state = 'rejected', reason = %(reason)s, levels_left = '[]', review_to = NULL WHERE special_price = %(special_price)s
