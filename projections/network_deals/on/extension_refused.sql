-- A hold ends with it; grace and a special price stand (ROE-13).
-- May touch no row: a registration without a distributor has no reader here
UPDATE network_deals SET extension = 'refused', held_to = CASE WHEN %(ends_at)s::timestamptz > %(refused_at)s::timestamptz THEN held_to END WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
