UPDATE protected_customers SET stale_since = NULL WHERE registration = %(registration)s AND line = %(line)s
