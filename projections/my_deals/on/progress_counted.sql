-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET progress_by = NULL WHERE registration = %(registration)s AND line = %(line)s
