-- The desk let its clocks run (ROE-22).
-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET stale_since = NULL WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
