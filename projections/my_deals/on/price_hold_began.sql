-- Still protected, by a special price (ROE-27).
-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET held_to = greatest(held_to, %(hold_to)s) WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
