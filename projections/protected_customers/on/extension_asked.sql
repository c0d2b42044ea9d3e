-- The partner asked for more time and has no answer yet (ROE-13).
UPDATE protected_customers SET extension = 'asked' WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
