-- Shown with every leg that rides on the CRM's record (ROE-22).
UPDATE protected_customers SET stale_since = %(since)s WHERE registration = %(registration)s AND line = %(line)s AND state NOT IN ('declined', 'withdrawn', 'lapsed', 'released', 'fulfilled')
