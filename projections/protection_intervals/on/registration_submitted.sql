INSERT INTO registrations (registration, customer_name) VALUES (%(registration)s, %(customer_name)s)
ON CONFLICT (registration) DO UPDATE SET customer_name = excluded.customer_name
