-- While it is suspended nothing ends by time.
DELETE FROM expiring_windows WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
