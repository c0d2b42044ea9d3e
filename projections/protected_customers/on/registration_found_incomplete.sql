UPDATE protected_customers SET missing = %(missing)s, answer_by = %(closes_at)s WHERE registration = %(registration)s
