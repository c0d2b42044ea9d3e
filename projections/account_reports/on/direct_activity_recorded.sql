-- The direct team was active (ROE-19).
-- May touch no row: nobody is named who reads it
UPDATE account_reports SET active_at = %(active_at)s WHERE report = %(opportunity)s AND line = %(line)s
