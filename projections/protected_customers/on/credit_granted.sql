-- The brand won through another: the part of the benefit that the registrant gets (ROE-31).
-- May touch no row: a leg without a row here has no reader
UPDATE protected_customers SET credit = %(share)s::numeric
WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
