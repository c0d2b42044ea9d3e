-- What is to be judged next: the judgement that is due first comes first.
SELECT registration, line, program, customer, against, state, appealed_by, decided_by, reason, appealed_at, ruling_to, escalated_to, times_overdue, ruled_by,
    ruled_because, ruled_at,
    jsonb_build_array(ruling_to, registration, line, appealed_at)::text AS cursor
FROM appeals
WHERE state = 'waits'
    AND (ruling_to, registration, line, appealed_at) > (coalesce((%(after)s::jsonb ->> 0)::timestamptz, '-infinity'), coalesce((%(after)s::jsonb ->> 1)::uuid, '00000000-0000-0000-0000-000000000000'),
        coalesce(%(after)s::jsonb ->> 2, ''), coalesce((%(after)s::jsonb ->> 3)::timestamptz, '-infinity'))
ORDER BY ruling_to, registration, line, appealed_at
LIMIT coalesce(%(limit)s::integer, 100)
