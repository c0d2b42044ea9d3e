-- While its clock stands nothing falls due, and what is left comes back with it; where the clock runs on, the end stands (ROE-21).
-- May touch no row: its clock runs on
DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s AND %(left_seconds)s::bigint IS NOT NULL
