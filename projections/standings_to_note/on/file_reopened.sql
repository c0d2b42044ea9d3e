-- What goes back stands in its own file again (ROE-24).
-- May touch no row: nothing was protected there
UPDATE legs SET customer = %(customer)s
WHERE customer = %(into)s AND program = %(_program)s
    AND registration IN (SELECT (c ->> 'registration')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.claims[*].value') AS c)
