-- May touch no row: it did not wait
DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND what IN ('queue_ends', 'again', 'identity_due', 'offer_ends', 'review_due')
