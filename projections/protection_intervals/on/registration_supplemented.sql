-- May touch no row: it was not submitted here
UPDATE registrations SET customer_name = coalesce(%(customer_name)s, customer_name) WHERE registration = %(registration)s
