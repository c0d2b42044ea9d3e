-- The desk lets its clocks run (ROE-22).
-- May touch no row: an override has stopped its clock
WITH held AS (
    INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
    SELECT f.aggregate, f.subject, 'hold_ends', f.registration, f.line, f.tier, f.partner, f.program, f.source, %(hold_to)s::timestamptz
    FROM falling_due AS f WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s AND what = 'ends' AND %(hold_to)s::timestamptz IS NOT NULL
    ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
)
UPDATE falling_due SET due_at = %(ends_at)s WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s AND what = 'ends'
