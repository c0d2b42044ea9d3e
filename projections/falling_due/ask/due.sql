-- Which streams to bring to due now, the one that waits longest first. `watermarks` is {program: {source: instant}}: what a feed has not reached is not due.
SELECT program, aggregate, subject, min(due_at) AS due_at, array_agg(DISTINCT what ORDER BY what) AS what,
    jsonb_build_array(min(due_at), aggregate, subject)::text AS cursor
FROM falling_due
WHERE due_at <= %(at)s
    AND (source IS NULL OR due_at <= coalesce((%(watermarks)s::jsonb -> program ->> source)::timestamptz, 'infinity'))
GROUP BY program, aggregate, subject
HAVING %(after)s::jsonb IS NULL
    OR (min(due_at), aggregate, subject) > ((%(after)s::jsonb ->> 0)::timestamptz, %(after)s::jsonb ->> 1, (%(after)s::jsonb ->> 2)::uuid)
ORDER BY min(due_at), aggregate, subject
LIMIT coalesce(%(limit)s::integer, 200)
