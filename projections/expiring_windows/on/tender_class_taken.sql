-- A tender's claim has no window (ROE-23).
-- May touch no row: the claim waited
DELETE FROM expiring_windows WHERE registration = %(registration)s AND line = %(line)s
