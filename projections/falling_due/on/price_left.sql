-- May touch no row: its decision was late, and it never bound
DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(special_price)s AND what IN ('price_review', 'price_ends')
