-- A claim of which no leg is left waits for nothing either.
-- May touch no row: the leg was pending, or suspended
DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND ((tier = %(tier)s AND partner = %(partner)s) OR what IN ('queue_ends', 'again', 'offer_ends'))
