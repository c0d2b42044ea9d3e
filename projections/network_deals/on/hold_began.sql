-- Still protected, while an extension is undecided (ROE-13).
-- May touch no row: a registration without a distributor has no reader here
UPDATE network_deals SET held_to = greatest(held_to, %(hold_to)s) WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
