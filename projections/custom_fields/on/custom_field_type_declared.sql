-- Somebody, or the mapping, said of what type it is, or took that back.
WITH moved AS (
    UPDATE custom_fields AS f
    SET by_mapping = CASE WHEN %(by_mapping)s::boolean THEN %(type)s ELSE f.by_mapping END, by_desk = CASE WHEN %(by_mapping)s::boolean THEN f.by_desk ELSE %(type)s END,
        type = %(effective)s, type_since = CASE WHEN f.type = %(effective)s THEN f.type_since ELSE %(_effective_at)s END,
        misread = CASE WHEN f.type = %(effective)s THEN f.misread ELSE '[]' END, misread_at = CASE WHEN f.type = %(effective)s THEN f.misread_at END,
        changes = f.changes + 1
    WHERE reader = %(desk)s AND source = %(source)s AND entity = %(entity)s AND name = %(name)s
    RETURNING f.reader, f.source, f.entity, f.name, f.changes
)
INSERT INTO changes (reader, source, entity, name, n, what, before, after, because, record, role, actor, reason, at)
SELECT m.reader, m.source, m.entity, m.name, m.changes, CASE WHEN %(type)s::text IS NULL THEN 'taken_back' ELSE 'declared' END, %(before)s, %(effective)s, CASE WHEN %(by_mapping)s::boolean THEN 'mapping' ELSE 'desk' END, NULL, %(_actor_role)s, %(_actor_subject)s, %(_reason)s,
    %(_effective_at)s::timestamptz
FROM moved AS m
