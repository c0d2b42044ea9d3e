-- Fields of the CRM that we have no word for ride along, as it names them, each as its type; only those that the mapping shows to this reader's tier.
-- May touch no row: an opportunity is known before a registration rides on it
WITH before AS (
    SELECT coalesce((SELECT o.said FROM opportunities AS o WHERE o.opportunity = %(opportunity)s::uuid), '{}') AS said
), kept AS (
    SELECT (
        b.said - ARRAY(SELECT substr(n.name, 8) FROM jsonb_array_elements_text(%(nulled)s::jsonb) AS n (name) WHERE starts_with(n.name, 'custom:'))
    ) || (SELECT coalesce(jsonb_object_agg(c.name, c.value), '{}') FROM jsonb_to_recordset(%(custom)s::jsonb) AS c (name text, value text)) AS said
    FROM before AS b
), stored AS (
    INSERT INTO opportunities AS o (opportunity, program, source, said, fields)
    SELECT %(opportunity)s::uuid, %(_program)s, %(source)s, k.said, (
        SELECT coalesce(jsonb_object_agg(f.key, CASE
            WHEN t.type = 'whole' AND f.value ~ '^[+-]?[0-9]{1,18}([.]0+)?$' THEN to_jsonb(trunc(f.value::numeric))
            WHEN t.type = 'number' AND f.value ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$' THEN to_jsonb(f.value::numeric)
            WHEN t.type = 'truth' AND lower(f.value) IN ('true', 'false', '1', '0') THEN to_jsonb(lower(f.value)::boolean)
            ELSE to_jsonb(f.value)
        END), '{}')
        FROM jsonb_each_text(k.said) AS f
        JOIN custom_types AS t ON t.shown AND (t.program, t.source, t.name) = (%(_program)s, %(source)s, f.key)
    )
    FROM kept AS k
    ON CONFLICT (opportunity) DO UPDATE SET program = excluded.program, source = excluded.source, said = excluded.said, fields = excluded.fields
    RETURNING o.opportunity, o.fields
)
UPDATE network_deals AS d SET fields = s.fields FROM stored AS s WHERE d.opportunity = s.opportunity AND (d.fields = s.fields) IS NOT TRUE AND NOT (d.state = 'released' AND d.clause IN ('ROE-16', 'ROE-17'))
