-- What the CRM says of a company rides along on the opportunities that name it, as account.<field>, each as its type.
-- May touch no row: no registration rides on an opportunity of the account
WITH before AS (
    SELECT a.said FROM (VALUES (1)) AS one LEFT JOIN accounts AS a ON (a.program, a.source, a.record) = (%(_program)s, %(source)s, %(record)s)
), kept AS (
    SELECT (
        coalesce(b.said, '{}') - ARRAY(SELECT substr(n.name, 8) FROM jsonb_array_elements_text(%(nulled)s::jsonb) AS n (name) WHERE starts_with(n.name, 'custom:'))
    ) || (SELECT coalesce(jsonb_object_agg(c.name, c.value), '{}') FROM jsonb_to_recordset(%(custom)s::jsonb) AS c (name text, value text)) AS said FROM before AS b
), stored AS (
    INSERT INTO accounts AS a (program, source, record, said, fields)
    SELECT %(_program)s, %(source)s, %(record)s, k.said, (
        SELECT coalesce(jsonb_object_agg('account.' || f.key, CASE
            WHEN t.type = 'whole' AND f.value ~ '^[+-]?[0-9]{1,18}([.]0+)?$' THEN to_jsonb(trunc(f.value::numeric))
            WHEN t.type = 'number' AND f.value ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$' THEN to_jsonb(f.value::numeric)
            WHEN t.type = 'truth' AND lower(f.value) IN ('true', 'false', '1', '0') THEN to_jsonb(lower(f.value)::boolean)
            ELSE to_jsonb(f.value)
        END), '{}')
        FROM jsonb_each_text(k.said) AS f
        LEFT JOIN custom_types AS t ON (t.program, t.source, t.entity, t.name) = (%(_program)s, %(source)s, 'account', f.key)
    )
    FROM kept AS k
    ON CONFLICT (program, source, record) DO UPDATE SET said = excluded.said, fields = excluded.fields
    RETURNING a.record, a.fields
), again AS (
    UPDATE opportunities AS o SET fields = s.fields || o.own
    FROM stored AS s WHERE o.program = %(_program)s AND o.source = %(source)s AND o.account = s.record
    RETURNING o.opportunity, o.fields
)
UPDATE protected_customers AS d SET fields = a.fields FROM again AS a WHERE d.opportunity = a.opportunity AND (d.fields = a.fields) IS NOT TRUE
