-- What is stale, the longest first, with what was tried.
SELECT s.subject, s.program, s.kind, s.entity, s.source, s.record, s.why, s.since, s.covers, coalesce(r.tries, 0) AS tries, r.last_error, r.tried_at, r.next_at,
    jsonb_build_array(s.since, s.subject)::text AS cursor
FROM stale_records AS s
LEFT JOIN intake.rereads AS r ON r.subject = s.subject AND r.covers IS NOT DISTINCT FROM s.covers
WHERE (s.since, s.subject) > (coalesce((%(after)s::jsonb ->> 0)::timestamptz, '-infinity'), coalesce((%(after)s::jsonb ->> 1)::uuid, '00000000-0000-0000-0000-000000000000'))
    AND (%(source)s::text IS NULL OR s.source = %(source)s)
    AND (%(kind)s::text IS NULL OR s.kind = %(kind)s)
ORDER BY s.since, s.subject
LIMIT coalesce(%(limit)s::integer, 100)
