-- Fields of the CRM that we have no word for ride along, as it names them; a sealed one is null.
-- May touch no row: an opportunity is known before a registration rides on it
WITH said AS (
    INSERT INTO opportunities (opportunity, fields)
    SELECT %(opportunity)s::uuid, coalesce(jsonb_object_agg(c.name, c.value), '{}')
    FROM jsonb_to_recordset(%(custom)s) AS c (name text, value text)
    ON CONFLICT (opportunity) DO UPDATE SET fields = (
        opportunities.fields - ARRAY(
            SELECT substr(n.name, 8) FROM jsonb_array_elements_text(%(nulled)s) AS n (name) WHERE starts_with(n.name, 'custom:')
        )
    ) || excluded.fields
    RETURNING opportunity, fields
)
UPDATE network_deals AS d SET fields = s.fields FROM said AS s WHERE d.opportunity = s.opportunity AND NOT (d.state = 'released' AND d.clause IN ('ROE-16', 'ROE-17'))
