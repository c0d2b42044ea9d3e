-- The clock stands (ROE-15).
-- May touch no row: the decision was overdue already
DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND what = 'review_due'
