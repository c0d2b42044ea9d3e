-- What goes back is this file's no longer: facts about its lines are not those registrations' (ROE-24). The fact itself is told where it lies now.
-- May touch no row: no claim went back
DELETE FROM claims AS k
USING jsonb_path_query(%(holdings)s::jsonb, '$.claims[*].value') AS c
WHERE k.customer = %(customer)s::uuid AND k.registration = (c ->> 'registration')::uuid AND k.line = c ->> 'line'
