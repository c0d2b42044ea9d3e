-- Values of the field are read as declared; one that cannot be stays text.
-- May touch no row: a declared type stands, or no row has the field
WITH kind AS (
    UPDATE custom_types SET type = %(effective)s WHERE program = %(_program)s AND source = %(source)s AND entity = %(entity)s AND name = %(name)s AND type <> %(effective)s
    RETURNING entity, name, type, shown
), companies AS (
    UPDATE accounts AS a SET fields = a.fields || jsonb_build_object('account.' || k.name, CASE
            WHEN k.type = 'whole' AND (a.said ->> k.name) ~ '^[+-]?[0-9]{1,18}([.]0+)?$' THEN to_jsonb(trunc((a.said ->> k.name)::numeric))
            WHEN k.type = 'number' AND (a.said ->> k.name) ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$' THEN to_jsonb((a.said ->> k.name)::numeric)
            WHEN k.type = 'truth' AND lower((a.said ->> k.name)) IN ('true', 'false', '1', '0') THEN to_jsonb(lower((a.said ->> k.name))::boolean)
            ELSE to_jsonb((a.said ->> k.name))
        END)
    FROM kind AS k WHERE k.shown AND k.entity = 'account' AND a.program = %(_program)s AND a.source = %(source)s AND a.said ? k.name
    RETURNING a.record, a.fields
), changed AS (
    SELECT o.opportunity, o.own || jsonb_build_object(k.name, CASE
            WHEN k.type = 'whole' AND (o.said ->> k.name) ~ '^[+-]?[0-9]{1,18}([.]0+)?$' THEN to_jsonb(trunc((o.said ->> k.name)::numeric))
            WHEN k.type = 'number' AND (o.said ->> k.name) ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$' THEN to_jsonb((o.said ->> k.name)::numeric)
            WHEN k.type = 'truth' AND lower((o.said ->> k.name)) IN ('true', 'false', '1', '0') THEN to_jsonb(lower((o.said ->> k.name))::boolean)
            ELSE to_jsonb((o.said ->> k.name))
        END) AS own, o.fields
    FROM opportunities AS o, kind AS k
    WHERE k.shown AND k.entity = 'opportunity' AND o.program = %(_program)s AND o.source = %(source)s AND o.said ? k.name
    UNION ALL
    SELECT o.opportunity, o.own, c.fields FROM opportunities AS o, companies AS c
    WHERE o.program = %(_program)s AND o.source = %(source)s AND o.account = c.record
), again AS (
    UPDATE opportunities AS o SET own = c.own, fields = c.fields || c.own FROM changed AS c WHERE o.opportunity = c.opportunity
    RETURNING o.opportunity, o.fields
)
UPDATE network_deals AS d SET fields = a.fields FROM again AS a WHERE d.opportunity = a.opportunity AND (d.fields = a.fields) IS NOT TRUE AND NOT (d.state = 'released' AND d.clause IN ('ROE-16', 'ROE-17'))
