DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND what = 'override_ends' AND registration = %(override)s AND line = %(line)s
