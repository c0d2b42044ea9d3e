-- May touch no row: a fact whose request was never told
UPDATE special_price_queue SET review_to = %(review_to)s::timestamptz WHERE special_price = %(special_price)s
