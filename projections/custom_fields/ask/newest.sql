-- The fields, by source, kind of record and name; of one source, of those with a type, of those that were misread.
SELECT f.program, f.source, f.entity, f.name, f.type, f.learned, f.by_mapping, f.by_desk, f.personal, f.shown_to, f.type_since, f.learned_at, f.misread,
    f.misread_at, coalesce((k.counts ->> f.name)::bigint, 0) AS carried, f.changes, jsonb_build_array(f.source, f.entity, f.name)::text AS cursor
FROM custom_fields AS f
LEFT JOIN carried AS k ON (k.reader, k.source, k.entity) = (f.reader, f.source, f.entity)
WHERE (f.source, f.entity, f.name) > (coalesce(%(after)s::jsonb ->> 0, ''), coalesce(%(after)s::jsonb ->> 1, ''), coalesce(%(after)s::jsonb ->> 2, ''))
    AND (%(source)s::text IS NULL OR f.source = %(source)s)
    AND (%(entity)s::text IS NULL OR f.entity = %(entity)s)
    AND (%(type)s::text IS NULL OR f.type = %(type)s)
    AND (%(misread)s::boolean IS NOT TRUE OR f.misread_at IS NOT NULL)
ORDER BY f.source, f.entity, f.name
LIMIT coalesce(%(limit)s::integer, 100)
