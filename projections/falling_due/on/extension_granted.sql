-- May touch no row: an override has stopped its clock
WITH decided AS (
    DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s AND what IN ('extension_due', 'hold_ends')
)
UPDATE falling_due SET due_at = %(ends_at)s WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s AND what = 'ends'
