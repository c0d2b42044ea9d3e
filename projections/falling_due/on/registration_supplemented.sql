-- May touch no row: nothing was missing or asked
DELETE FROM falling_due WHERE aggregate = 'registration' AND subject = %(registration)s AND what = 'answer_ends'
