UPDATE legs SET standing = %(standing)s, since = %(noted_at)s
WHERE registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
