-- What became personal is forgotten here: its values lie sealed beside the ledger from now on.
-- May touch no row: no row has the field, or it is as harmless as before
WITH kind AS (
    SELECT t.entity, t.name, t.type, t.shown FROM custom_types AS t WHERE t.program = %(_program)s AND t.source = %(source)s AND t.entity = %(entity)s AND t.name = %(name)s AND %(personal)s::boolean
), companies AS (
    UPDATE accounts AS a
    SET said = CASE WHEN %(personal)s::boolean THEN a.said || jsonb_build_object(k.name, NULL) ELSE a.said END,
        fields = CASE WHEN k.shown THEN a.fields || jsonb_build_object('account.' || k.name, CASE WHEN %(personal)s::boolean THEN NULL ELSE CASE
            WHEN k.type = 'whole' AND (a.said ->> k.name) ~ '^[+-]?[0-9]{1,18}([.]0+)?$' THEN to_jsonb(trunc((a.said ->> k.name)::numeric))
            WHEN k.type = 'number' AND (a.said ->> k.name) ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$' THEN to_jsonb((a.said ->> k.name)::numeric)
            WHEN k.type = 'truth' AND lower((a.said ->> k.name)) IN ('true', 'false', '1', '0') THEN to_jsonb(lower((a.said ->> k.name))::boolean)
            ELSE to_jsonb((a.said ->> k.name))
        END END) ELSE a.fields - ('account.' || k.name) END
    FROM kind AS k WHERE k.entity = 'account' AND a.program = %(_program)s AND a.source = %(source)s AND a.said ? k.name
    RETURNING a.record, a.fields, 'account.' || k.name AS key, k.shown
), changed AS (
    SELECT o.opportunity, k.name AS key, k.shown, CASE WHEN %(personal)s::boolean THEN o.said || jsonb_build_object(k.name, NULL) ELSE o.said END AS said,
        CASE WHEN k.shown THEN o.own || jsonb_build_object(k.name, CASE WHEN %(personal)s::boolean THEN NULL ELSE CASE
            WHEN k.type = 'whole' AND (o.said ->> k.name) ~ '^[+-]?[0-9]{1,18}([.]0+)?$' THEN to_jsonb(trunc((o.said ->> k.name)::numeric))
            WHEN k.type = 'number' AND (o.said ->> k.name) ~ '^[+-]?[0-9]{1,40}([.][0-9]{1,40})?$' THEN to_jsonb((o.said ->> k.name)::numeric)
            WHEN k.type = 'truth' AND lower((o.said ->> k.name)) IN ('true', 'false', '1', '0') THEN to_jsonb(lower((o.said ->> k.name))::boolean)
            ELSE to_jsonb((o.said ->> k.name))
        END END) ELSE o.own - k.name END AS own, o.fields - k.name AS fields
    FROM opportunities AS o, kind AS k
    WHERE k.entity = 'opportunity' AND o.program = %(_program)s AND o.source = %(source)s AND o.said ? k.name
    UNION ALL
    SELECT o.opportunity, c.key, c.shown, o.said, o.own, c.fields FROM opportunities AS o, companies AS c
    WHERE o.program = %(_program)s AND o.source = %(source)s AND o.account = c.record
), again AS (
    UPDATE opportunities AS o SET said = c.said, own = c.own, fields = c.fields || c.own FROM changed AS c WHERE o.opportunity = c.opportunity
    RETURNING o.opportunity, o.fields, c.key, c.shown
)
UPDATE protected_customers AS d SET fields = a.fields FROM again AS a WHERE d.opportunity = a.opportunity AND (d.fields = a.fields) IS NOT TRUE
