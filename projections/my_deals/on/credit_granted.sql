-- The brand won through another: the part of the benefit that the registrant gets (ROE-31).
-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET credit = %(share)s::numeric
WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
