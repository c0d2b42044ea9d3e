-- A value came that cannot be read as declared: it counts as not known.
WITH moved AS (
    UPDATE custom_fields AS f SET misread = f.misread || to_jsonb(%(kind)s::text), misread_at = %(_effective_at)s, changes = f.changes + 1
    WHERE reader = %(desk)s AND source = %(source)s AND entity = %(entity)s AND name = %(name)s
    RETURNING f.reader, f.source, f.entity, f.name, f.changes
)
INSERT INTO changes (reader, source, entity, name, n, what, before, after, because, record, role, actor, reason, at)
SELECT m.reader, m.source, m.entity, m.name, m.changes, 'misread', %(declared)s, NULL, %(kind)s, %(record)s, %(_actor_role)s, %(_actor_subject)s, %(_reason)s,
    %(_effective_at)s::timestamptz
FROM moved AS m
