-- The partner asked for more time and has no answer yet (ROE-13).
-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET extension = 'asked' WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
