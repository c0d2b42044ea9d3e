-- What the level approves is what is asked from here on.
-- May touch no row: a fact whose request was never told
WITH partners AS (
    UPDATE special_prices SET discount = %(discount)s::numeric WHERE special_price = %(special_price)s
)
UPDATE special_price_queue SET discount = %(discount)s::numeric, levels_left = %(levels_left)s::jsonb,
    decisions = decisions || jsonb_build_object('level', %(level)s::text, 'decision', %(decision)s::text, 'discount', %(discount)s::text,
                                                'by', %(decided_by)s::text, 'reason', %(reason)s::text, 'at', %(decided_at)s::text)
WHERE special_price = %(special_price)s
