-- Shown with every leg that rides on the CRM's record (ROE-22).
-- May touch no row: a registration without a dealer has no reader here
UPDATE my_deals SET stale_since = %(since)s WHERE registration = %(registration)s AND line = %(line)s AND state NOT IN ('declined', 'withdrawn', 'lapsed', 'released', 'fulfilled')
