-- An override that stopped the clock gives the leg an end again, and a hold what is left of it; under another clause its window ran on,
-- and a limit is over with it (ROE-16).
-- May touch no row: another clause than ROE-21 suspended it without a limit
WITH over AS (
    DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND tier = %(tier)s AND partner = %(partner)s AND what = 'released' AND %(clause)s = 'ROE-16'
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, w.what, %(registration)s::uuid, %(line)s, %(tier)s, %(partner)s, %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), w.due_at
FROM (VALUES ('ends', coalesce(%(ends_at)s::timestamptz, least(%(window_to)s::timestamptz, %(hard_stop_at)s::timestamptz))), ('hold_ends', %(hold_to)s::timestamptz)) AS w (what, due_at)
WHERE %(clause)s = 'ROE-21' AND w.due_at IS NOT NULL
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
