-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET missing = %(missing)s, answer_by = %(closes_at)s WHERE registration = %(registration)s
