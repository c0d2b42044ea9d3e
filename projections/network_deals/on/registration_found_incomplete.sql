-- May touch no row: a registration without a distributor has no reader here
UPDATE network_deals SET missing = %(missing)s, answer_by = %(closes_at)s WHERE registration = %(registration)s
