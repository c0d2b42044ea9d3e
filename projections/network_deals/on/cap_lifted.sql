-- The leg above was extended (ROE-10).
-- May touch no row: a registration without a distributor has no reader here
UPDATE network_deals SET window_to = %(window_to)s, grace_to = NULL, held_to = NULL WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
