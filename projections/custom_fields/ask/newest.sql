-- The fields, by source, kind of record and name; of one source, of those with a type, of those that were misread.
SELECT program, source, entity, name, type, learned, by_mapping, by_desk, personal, shown_to, type_since, learned_at, misread, misread_at, carried, changes,
    jsonb_build_array(source, entity, name)::text AS cursor
FROM custom_fields
WHERE (source, entity, name) > (coalesce(%(after)s::jsonb ->> 0, ''), coalesce(%(after)s::jsonb ->> 1, ''), coalesce(%(after)s::jsonb ->> 2, ''))
    AND (%(source)s::text IS NULL OR source = %(source)s)
    AND (%(entity)s::text IS NULL OR entity = %(entity)s)
    AND (%(type)s::text IS NULL OR type = %(type)s)
    AND (%(misread)s::boolean IS NOT TRUE OR misread_at IS NOT NULL)
ORDER BY source, entity, name
LIMIT coalesce(%(limit)s::integer, 100)
