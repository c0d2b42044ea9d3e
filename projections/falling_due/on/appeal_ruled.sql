DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND what = 'appeal_due' AND registration = %(registration)s AND line = %(line)s
