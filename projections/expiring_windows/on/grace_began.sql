UPDATE expiring_windows SET grace_to = %(grace_to)s, ends_at = greatest(ends_at, least(%(grace_to)s, hard_stop_at))
WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
