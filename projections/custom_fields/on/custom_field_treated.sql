-- The mapping treats it otherwise.
WITH moved AS (
    UPDATE custom_fields AS f SET personal = %(personal)s, shown_to = %(shown_to)s, changes = f.changes + 1
    WHERE reader = %(desk)s AND source = %(source)s AND entity = %(entity)s AND name = %(name)s
    RETURNING f.reader, f.source, f.entity, f.name, f.changes
)
INSERT INTO changes (reader, source, entity, name, n, what, before, after, because, record, role, actor, reason, at)
SELECT m.reader, m.source, m.entity, m.name, m.changes, CASE WHEN %(personal)s::boolean THEN 'personal' ELSE 'harmless' END, NULL, NULL, nullif((SELECT string_agg(w, ', ') FROM jsonb_array_elements_text(%(shown_to)s::jsonb) AS s (w)), ''), NULL, %(_actor_role)s, %(_actor_subject)s, %(_reason)s,
    %(_effective_at)s::timestamptz
FROM moved AS m
