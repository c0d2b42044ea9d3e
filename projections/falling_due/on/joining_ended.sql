DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND what = 'joining_ends' AND registration = %(joining)s
