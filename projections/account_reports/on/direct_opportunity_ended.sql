-- It speaks against no claim any more (ROE-19).
-- May touch no row: nobody is named who reads it
UPDATE account_reports SET over_at = %(ended_at)s, reason = %(reason)s WHERE report = %(opportunity)s AND line = %(line)s
