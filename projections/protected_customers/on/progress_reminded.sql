-- The reminder: without progress by then the legs are suspended (ROE-14).
UPDATE protected_customers SET progress_by = %(suspend_at)s WHERE registration = %(registration)s AND line = %(line)s AND state NOT IN ('declined', 'withdrawn', 'lapsed', 'released', 'fulfilled')
