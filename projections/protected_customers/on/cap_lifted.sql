-- The leg above was extended (ROE-10).
UPDATE protected_customers SET window_to = %(window_to)s, grace_to = NULL, held_to = NULL WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
