-- May touch no row: an override has stopped its clock
UPDATE falling_due SET due_at = %(ends_at)s WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s AND what = 'ends'
