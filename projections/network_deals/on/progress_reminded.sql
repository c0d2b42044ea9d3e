-- The reminder: without progress by then the legs are suspended (ROE-14).
-- May touch no row: a registration without a distributor has no reader here
UPDATE network_deals SET progress_by = %(suspend_at)s WHERE registration = %(registration)s AND line = %(line)s AND state NOT IN ('declined', 'withdrawn', 'lapsed', 'released', 'fulfilled')
