-- The flag is lifted (ROE-20).
-- May touch no row: nobody is named who reads it
UPDATE account_reports SET over_at = %(lifted_at)s WHERE report = %(flag)s
