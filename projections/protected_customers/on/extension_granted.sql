-- Its window runs again, from its old end (ROE-13).
UPDATE protected_customers SET extension = 'granted', window_to = %(window_to)s, grace_to = NULL, held_to = NULL, hard_stop_at = %(hard_stop_at)s, overdue_since = NULL WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
