-- Records changed, and nobody knows which.
-- May touch no row: the gap is listed already
INSERT INTO stale_records (subject, program, kind, entity, source, why, since)
VALUES (%(gap)s, %(_program)s, 'feed', %(entity)s, %(source)s, %(why)s, %(since)s)
ON CONFLICT (subject) DO NOTHING
