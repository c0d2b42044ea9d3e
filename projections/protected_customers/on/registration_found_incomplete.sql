-- May touch no row: its lines name no partner yet (ROE-2), and a row is a leg's
UPDATE protected_customers SET missing = %(missing)s, answer_by = %(closes_at)s WHERE registration = %(registration)s
