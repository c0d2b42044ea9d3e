-- The ruling against it was reversed (ROE-29).
-- May touch no row: nobody is named who reads it
UPDATE account_reports SET over_at = NULL, reason = %(reason)s WHERE report = %(opportunity)s AND line = %(line)s
