-- One message with its bytes.
SELECT id, stream, sequence, subject, source, reason, detail, headers, octet_length(bytes) AS size, received_at, recorded_at, attempts, replayed_at,
    resolved_at, resolution, redacted_at, bytes
FROM intake.dead_letters WHERE id = %(id)s
