-- May touch no row: the leg was waiting, or had no window
DELETE FROM legs WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
