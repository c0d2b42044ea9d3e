-- May touch no row: an override has stopped its clock
UPDATE expiring_windows SET stale_since = NULL, ends_at = %(ends_at)s
WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
