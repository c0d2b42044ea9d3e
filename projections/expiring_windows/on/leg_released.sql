-- May touch no row: the leg was waiting, or suspended
DELETE FROM expiring_windows WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
