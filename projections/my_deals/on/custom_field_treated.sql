-- The mapping shows the field to this reader's tier from now on, or hides it: in every row at once. What became personal is forgotten here.
-- May touch no row: a field of accounts, or it is shown as before
WITH kind AS (
    UPDATE custom_types SET shown = NOT %(personal)s::boolean AND %(shown_to)s::jsonb ? 'dealer'
    WHERE %(entity)s::text = 'opportunity' AND program = %(_program)s AND source = %(source)s AND name = %(name)s
    RETURNING name, type, shown
), again AS (
    UPDATE opportunities AS o
    SET said = CASE WHEN %(personal)s::boolean THEN o.said || jsonb_build_object(k.name, NULL) ELSE o.said END,
        fields = CASE WHEN k.shown THEN o.fields || jsonb_build_object(k.name, CASE
            WHEN k.type = 'whole' AND (o.said ->> k.name) ~ '^[+-]?[0-9]{1,18}([.]0+)?$' THEN to_jsonb(trunc((o.said ->> k.name)::numeric))
            WHEN k.type = 'number' AND (o.said ->> k.name) ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$' THEN to_jsonb((o.said ->> k.name)::numeric)
            WHEN k.type = 'truth' AND lower((o.said ->> k.name)) IN ('true', 'false', '1', '0') THEN to_jsonb(lower((o.said ->> k.name))::boolean)
            ELSE to_jsonb((o.said ->> k.name))
        END) ELSE o.fields - k.name END
    FROM kind AS k WHERE o.program = %(_program)s AND o.source = %(source)s AND o.said ? k.name
    RETURNING o.opportunity, o.fields, k.name, k.shown
)
UPDATE my_deals AS d SET fields = CASE WHEN a.shown THEN d.fields || jsonb_build_object(a.name, a.fields -> a.name) ELSE d.fields - a.name END
FROM again AS a WHERE d.opportunity = a.opportunity AND (NOT a.shown OR (d.fields -> a.name = a.fields -> a.name) IS NOT TRUE)
