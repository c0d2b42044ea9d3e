-- Every appeal, newest first.
SELECT registration, line, program, customer, against, state, appealed_by, decided_by, reason, appealed_at, ruling_to, escalated_to, times_overdue, ruled_by,
    ruled_because, ruled_at,
    jsonb_build_array(appealed_at, registration, line)::text AS cursor
FROM appeals
WHERE (appealed_at, registration, line) < (coalesce((%(after)s::jsonb ->> 0)::timestamptz, 'infinity'), coalesce((%(after)s::jsonb ->> 1)::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
        coalesce(%(after)s::jsonb ->> 2, ''))
    AND (%(state)s::text IS NULL OR state = %(state)s)
ORDER BY appealed_at DESC, registration DESC, line DESC
LIMIT coalesce(%(limit)s::integer, 100)
