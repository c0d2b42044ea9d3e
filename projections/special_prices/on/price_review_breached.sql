-- May touch no row: a fact whose request was never told
UPDATE special_price_queue SET escalated_to = %(escalate_to)s WHERE special_price = %(special_price)s
