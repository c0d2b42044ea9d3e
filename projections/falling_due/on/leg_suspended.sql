-- Nothing of a suspended leg falls due; what is left comes back with it.
DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s
