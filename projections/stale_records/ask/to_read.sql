-- The records of a source that may be read now, the longest stale first.
SELECT s.subject, s.program, s.entity, s.record, s.covers, coalesce(r.tries, 0) AS tries
FROM stale_records AS s
LEFT JOIN intake.rereads AS r ON r.subject = s.subject AND r.covers IS NOT DISTINCT FROM s.covers
WHERE s.source = %(source)s AND s.kind <> 'feed' AND coalesce(r.next_at <= %(at)s::timestamptz, true)
ORDER BY s.since, s.subject
LIMIT %(limit)s
