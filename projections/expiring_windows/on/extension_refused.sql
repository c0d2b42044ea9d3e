-- May touch no row: an override has stopped its clock
UPDATE expiring_windows SET held_to = CASE WHEN %(ends_at)s::timestamptz > %(refused_at)s::timestamptz THEN held_to END, ends_at = %(ends_at)s
WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
