-- May touch no row: a registration without a distributor has no reader here
UPDATE network_deals SET progress_by = NULL WHERE registration = %(registration)s AND line = %(line)s
