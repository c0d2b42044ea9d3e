-- Still protected, up to grace_to (ROE-12).
-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET grace_to = %(grace_to)s WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
