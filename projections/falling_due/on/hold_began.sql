-- May touch no row: it is the hold of the leg above, which is awaited there
-- Undecided to the end of the hold its own extension counts as refused (ROE-13).
WITH held AS (
    UPDATE falling_due SET due_at = greatest(due_at, %(hold_to)s) WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s AND what = 'ends'
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, 'hold_ends', %(registration)s::uuid, %(line)s, %(tier)s, %(partner)s, %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), %(hold_to)s::timestamptz
WHERE %(own)s::boolean
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
