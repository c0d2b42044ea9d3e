-- Of which fields the record has a value now; only those that came or went are counted.
-- May touch no row: it gained and lost none
WITH before AS (
    SELECT coalesce((SELECT c.names FROM carriers AS c WHERE c.record = %(opportunity)s::uuid), '{}') AS names
), said AS (
    SELECT c.name FROM jsonb_to_recordset(%(custom)s::jsonb) AS c (name text)
), emptied AS (
    SELECT substr(n.name, 8) AS name FROM jsonb_array_elements_text(%(nulled)s::jsonb) AS n (name) WHERE starts_with(n.name, 'custom:')
), moved AS (
    SELECT s.name, 1 AS by FROM said AS s, before AS b WHERE NOT s.name = ANY (b.names)
    UNION ALL SELECT e.name, -1 FROM emptied AS e, before AS b WHERE e.name = ANY (b.names)
), stored AS (
    INSERT INTO carriers AS c (record, program, source, entity, names)
    SELECT %(opportunity)s::uuid, %(_program)s, %(source)s, 'opportunity', ARRAY(
        SELECT n FROM unnest(b.names) AS n WHERE n NOT IN (SELECT m.name FROM moved AS m) UNION ALL SELECT m.name FROM moved AS m WHERE m.by = 1 ORDER BY 1
    )
    FROM before AS b WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT (record) DO UPDATE SET names = excluded.names
)
UPDATE carried AS k
SET counts = k.counts || coalesce((SELECT jsonb_object_agg(m.name, (k.counts ->> m.name)::bigint + m.by) FROM moved AS m WHERE k.counts ? m.name), '{}')
WHERE k.program = %(_program)s AND k.source = %(source)s AND k.entity = 'opportunity' AND EXISTS (SELECT FROM moved)
