-- Still protected, up to grace_to (ROE-12).
UPDATE protected_customers SET grace_to = %(grace_to)s WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
