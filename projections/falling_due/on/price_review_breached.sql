DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND what = 'price_review' AND registration = %(special_price)s
