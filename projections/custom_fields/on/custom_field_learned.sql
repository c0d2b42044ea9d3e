-- A field that was not known. Records that had a value of it before facts had types are counted in.
WITH moved AS (
    INSERT INTO custom_fields AS f (reader, program, source, entity, name, type, learned, personal, shown_to, type_since, learned_at, misread, changes)
    SELECT %(desk)s, %(_program)s, %(source)s, %(entity)s, %(name)s, %(type)s, %(type)s, %(personal)s, %(shown_to)s, %(_effective_at)s, %(_effective_at)s, '[]', 1
    RETURNING f.reader, f.source, f.entity, f.name, f.changes
), counted AS (
    INSERT INTO carried AS k (reader, program, source, entity, counts)
    SELECT %(desk)s, %(_program)s, %(source)s, %(entity)s, jsonb_build_object(%(name)s::text, (
        SELECT count(*) FROM carriers AS c WHERE c.program = %(_program)s AND c.source = %(source)s AND c.entity = %(entity)s AND %(name)s::text = ANY (c.names)
    ))
    ON CONFLICT (reader, source, entity) DO UPDATE SET counts = k.counts || excluded.counts
)
INSERT INTO changes (reader, source, entity, name, n, what, before, after, because, record, role, actor, reason, at)
SELECT m.reader, m.source, m.entity, m.name, m.changes, 'learned', NULL, %(type)s, %(type)s, %(record)s, %(_actor_role)s, %(_actor_subject)s, %(_reason)s,
    %(_effective_at)s::timestamptz
FROM moved AS m
