UPDATE protected_customers SET progress_by = NULL WHERE registration = %(registration)s AND line = %(line)s
