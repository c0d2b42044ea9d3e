-- The tender is decided or was called off (ROE-23).
-- May touch no row: nobody is named who reads it
UPDATE account_reports SET over_at = %(closed_at)s WHERE report = %(tender)s AND line = %(line)s
