-- Values of the field are read as the type that now holds all of them.
-- May touch no row: a field of accounts, a declared type that stands, or no row has the field
WITH kind AS (
    UPDATE custom_types SET type = %(effective)s
    WHERE %(entity)s::text = 'opportunity' AND program = %(_program)s AND source = %(source)s AND name = %(name)s AND type <> %(effective)s
    RETURNING name, type, shown
), again AS (
    UPDATE opportunities AS o SET fields = o.fields || jsonb_build_object(k.name, CASE
            WHEN k.type = 'whole' AND (o.said ->> k.name) ~ '^[+-]?[0-9]{1,18}([.]0+)?$' THEN to_jsonb(trunc((o.said ->> k.name)::numeric))
            WHEN k.type = 'number' AND (o.said ->> k.name) ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$' THEN to_jsonb((o.said ->> k.name)::numeric)
            WHEN k.type = 'truth' AND lower((o.said ->> k.name)) IN ('true', 'false', '1', '0') THEN to_jsonb(lower((o.said ->> k.name))::boolean)
            ELSE to_jsonb((o.said ->> k.name))
        END)
    FROM kind AS k WHERE o.program = %(_program)s AND o.source = %(source)s AND o.said ? k.name
    RETURNING o.opportunity, o.fields
)
UPDATE protected_customers AS d SET fields = a.fields FROM again AS a WHERE d.opportunity = a.opportunity AND (d.fields = a.fields) IS NOT TRUE
