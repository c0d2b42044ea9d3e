-- A hold ends with it; grace and a special price stand (ROE-13).
UPDATE protected_customers SET extension = 'refused', held_to = CASE WHEN %(ends_at)s::timestamptz > %(refused_at)s::timestamptz THEN held_to END, overdue_since = NULL WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
