-- The desk let its clocks run (ROE-22).
UPDATE protected_customers SET stale_since = NULL WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
