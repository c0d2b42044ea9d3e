-- It is stale since the first gap that nothing newer closed; what is read must cover the newest.
INSERT INTO stale_records AS s (subject, program, kind, entity, source, record, why, since, covers, message)
VALUES (%(opportunity)s, %(_program)s, 'opportunity', 'opportunity', %(source)s, %(record)s, %(why)s, %(_effective_at)s, %(order)s, %(message)s)
ON CONFLICT (subject) DO UPDATE SET why = coalesce(excluded.why, s.why),
    covers = CASE WHEN (s.covers, s.message) < (excluded.covers, excluded.message) THEN excluded.covers ELSE s.covers END,
    message = CASE WHEN (s.covers, s.message) < (excluded.covers, excluded.message) THEN excluded.message ELSE s.message END
