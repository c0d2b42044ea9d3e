-- What became personal is forgotten here: its values lie sealed beside the ledger from now on.
-- May touch no row: a field of accounts, or it is as harmless as before
WITH again AS (
    UPDATE opportunities AS o
    SET said = o.said || jsonb_build_object(%(name)s::text, NULL), fields = o.fields || jsonb_build_object(%(name)s::text, NULL)
    WHERE %(entity)s::text = 'opportunity' AND %(personal)s::boolean
        AND o.program = %(_program)s AND o.source = %(source)s AND o.said ->> %(name)s::text IS NOT NULL
    RETURNING o.opportunity, o.fields
)
UPDATE protected_customers AS d SET fields = a.fields FROM again AS a WHERE d.opportunity = a.opportunity
