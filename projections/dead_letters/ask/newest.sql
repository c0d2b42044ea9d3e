-- Messages that could not be decided, newest first; without their bytes, which may be personal.
SELECT id, stream, sequence, subject, source, reason, detail, headers, octet_length(bytes) AS size, received_at, recorded_at, attempts, replayed_at,
    resolved_at, resolution, redacted_at,
    id::text AS cursor
FROM intake.dead_letters
WHERE id < coalesce(%(after)s::bigint, 9223372036854775807)
    AND (%(source)s::text IS NULL OR source = %(source)s)
    AND (NOT coalesce(%(open)s::boolean, false) OR resolved_at IS NULL)
ORDER BY id DESC
LIMIT coalesce(%(limit)s::integer, 100)
