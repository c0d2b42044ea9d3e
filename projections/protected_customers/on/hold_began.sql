-- Still protected, while an extension is undecided (ROE-13).
UPDATE protected_customers SET held_to = greatest(held_to, %(hold_to)s) WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
