-- Protected past its window's end (ROE-13).
UPDATE expiring_windows SET held_to = greatest(held_to, %(hold_to)s), ends_at = greatest(ends_at, least(%(hold_to)s, hard_stop_at))
WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
