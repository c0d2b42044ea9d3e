-- One notice for a partner and month, from the first one too many on.
-- May touch no row: not too many yet
INSERT INTO notices (reader, kind, subject, program, partner, registrations, month, n, noted_at)
SELECT DISTINCT m.reader::uuid, 'claims_without_evidence', %(partner)s || ' ' || %(month)s, %(_program)s, %(partner)s,
    jsonb_build_array(%(registration)s::text), %(month)s, %(count)s::integer, %(noted_at)s::timestamptz
FROM jsonb_array_elements_text(%(managers)s) AS m (reader)
WHERE %(shown)s::boolean
ON CONFLICT (reader, kind, subject) DO UPDATE SET registrations = excluded.registrations, n = excluded.n, noted_at = excluded.noted_at
