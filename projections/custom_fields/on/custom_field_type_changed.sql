-- A wider type holds what came and all that was there; a declared one stands.
WITH moved AS (
    UPDATE custom_fields AS f
    SET learned = %(after)s, type = %(effective)s, type_since = CASE WHEN f.type = %(effective)s THEN f.type_since ELSE %(_effective_at)s END, changes = f.changes + 1
    WHERE reader = %(desk)s AND source = %(source)s AND entity = %(entity)s AND name = %(name)s
    RETURNING f.reader, f.source, f.entity, f.name, f.changes
)
INSERT INTO changes (reader, source, entity, name, n, what, before, after, because, record, role, actor, reason, at)
SELECT m.reader, m.source, m.entity, m.name, m.changes, 'changed', %(before)s, %(after)s, %(because)s, %(record)s, %(_actor_role)s, %(_actor_subject)s, %(_reason)s,
    %(_effective_at)s::timestamptz
FROM moved AS m
