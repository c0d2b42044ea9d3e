WITH before AS (
    SELECT NULL::uuid AS reader, NULL::text AS kind, NULL::text AS state WHERE false
), moved AS (
    INSERT INTO conflict_queue (reader, conflict, program, customer, customer_name, line, territory, sites, kind, clause, state,
                                incumbent, challengers, ground, detected_at, ruling_to, evidence_to)
    SELECT DISTINCT m.reader::uuid, %(conflict)s::uuid, %(_program)s, %(customer)s::uuid,
        (SELECT k.name FROM customers AS k WHERE k.customer = %(customer)s::uuid), %(line)s,
        %(scope)s::jsonb ->> 'territory', %(scope)s::jsonb -> 'sites', %(kind)s, %(clause)s, 'detected',
        %(incumbent)s::jsonb, jsonb_build_array(%(challenger)s::jsonb), %(ground)s, %(detected_at)s::timestamptz, %(ruling_to)s::timestamptz, %(evidence_to)s::timestamptz
    FROM jsonb_array_elements_text(%(managers)s) AS m (reader)
    ON CONFLICT DO NOTHING
    RETURNING reader, kind, state
)
INSERT INTO conflict_counts AS c (reader, kind, state, n)
SELECT x.reader, x.kind, x.state, sum(x.n) FROM (
    SELECT b.reader, b.kind, b.state, -1 AS n FROM before AS b UNION ALL SELECT m.reader, m.kind, m.state, 1 FROM moved AS m
) AS x GROUP BY x.reader, x.kind, x.state
ON CONFLICT (reader, kind, state) DO UPDATE SET n = c.n + excluded.n
