-- While its clock stands nothing ends by time; where the clock runs on, the end stands (ROE-21).
-- May touch no row: its clock runs on
DELETE FROM expiring_windows WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s AND %(left_seconds)s::bigint IS NOT NULL
