-- While it stands nothing is due (ROE-15).
UPDATE protected_customers SET review_to = NULL, overdue_since = NULL WHERE registration = %(registration)s AND line = %(line)s
