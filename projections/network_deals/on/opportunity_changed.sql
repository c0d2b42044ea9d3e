-- Fields of the CRM that we have no word for ride along, as it names them, each as its type; only those that the mapping shows to this reader's tier.
-- Those of the account that it names ride along as account.<field>.
-- May touch no row: an opportunity is known before a registration rides on it
WITH before AS (
    SELECT o.said, o.account FROM (VALUES (1)) AS one LEFT JOIN opportunities AS o ON o.opportunity = %(opportunity)s::uuid
), kept AS (
    SELECT (
        coalesce(b.said, '{}') - ARRAY(SELECT substr(n.name, 8) FROM jsonb_array_elements_text(%(nulled)s::jsonb) AS n (name) WHERE starts_with(n.name, 'custom:'))
    ) || (SELECT coalesce(jsonb_object_agg(c.name, c.value), '{}') FROM jsonb_to_recordset(%(custom)s::jsonb) AS c (name text, value text)) AS said,
        CASE WHEN %(nulled)s::jsonb ? 'customer_ref' THEN NULL ELSE coalesce(%(customer_ref)s::text, b.account) END AS account
    FROM before AS b
), typed AS (
    SELECT k.said, k.account, (
        SELECT coalesce(jsonb_object_agg(f.key, CASE
            WHEN t.type = 'whole' AND f.value ~ '^[+-]?[0-9]{1,18}([.]0+)?$' THEN to_jsonb(trunc(f.value::numeric))
            WHEN t.type = 'number' AND f.value ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$' THEN to_jsonb(f.value::numeric)
            WHEN t.type = 'truth' AND lower(f.value) IN ('true', 'false', '1', '0') THEN to_jsonb(lower(f.value)::boolean)
            ELSE to_jsonb(f.value)
        END), '{}')
        FROM jsonb_each_text(k.said) AS f
        JOIN custom_types AS t ON t.shown AND (t.program, t.source, t.entity, t.name) = (%(_program)s, %(source)s, 'opportunity', f.key)
    ) AS own
    FROM kept AS k
), again AS (
    INSERT INTO opportunities AS o (opportunity, program, source, account, said, own, fields)
    SELECT %(opportunity)s::uuid, %(_program)s, %(source)s, k.account, k.said, k.own,
        coalesce((SELECT a.fields FROM accounts AS a WHERE (a.program, a.source, a.record) = (%(_program)s, %(source)s, k.account)), '{}') || k.own
    FROM typed AS k
    ON CONFLICT (opportunity) DO UPDATE SET program = excluded.program, source = excluded.source, account = excluded.account, said = excluded.said,
        own = excluded.own, fields = excluded.fields
    RETURNING o.opportunity, o.fields
)
UPDATE network_deals AS d SET fields = a.fields FROM again AS a WHERE d.opportunity = a.opportunity AND (d.fields = a.fields) IS NOT TRUE AND NOT (d.state = 'released' AND d.clause IN ('ROE-16', 'ROE-17'))
