-- While its clock stands nothing falls due, and what is left comes back with it; where the clock runs on, the end stands (ROE-21).
-- A suspension that ends the leg after a limit says when (ROE-16). One for lack of progress is followed by the release (ROE-14).
-- May touch no row: its clock runs on, and there is no limit
WITH stopped AS (
    DELETE FROM falling_due
    WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND (
        (tier = %(tier)s AND partner = %(partner)s AND what IN ('begins', 'ends', 'hold_ends') AND %(left_seconds)s::bigint IS NOT NULL)
        OR (what IN ('progress_reminds', 'progress_suspends', 'progress_releases') AND %(left_seconds)s::bigint IS NOT NULL)
        OR (what IN ('progress_reminds', 'progress_suspends') AND %(clause)s = 'ROE-14')
    )
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, 'released', %(registration)s::uuid, %(line)s, %(tier)s, %(partner)s, %(_program)s, NULL, %(release_at)s::timestamptz
WHERE %(release_at)s::timestamptz IS NOT NULL
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
