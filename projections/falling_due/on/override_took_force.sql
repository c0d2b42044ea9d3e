DELETE FROM falling_due WHERE aggregate = 'override' AND subject = %(override)s AND what = 'begins'
