-- Shown with every leg that rides on the CRM's record (ROE-22).
-- May touch no row: a registration without a distributor has no reader here
UPDATE network_deals SET stale_since = %(since)s WHERE registration = %(registration)s AND line = %(line)s AND state NOT IN ('declined', 'withdrawn', 'lapsed', 'released', 'fulfilled')
