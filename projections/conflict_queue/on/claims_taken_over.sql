-- Open conflicts go with the claims that are their parties, after a merge (ROE-24).
-- May touch no row: no conflict was open
UPDATE conflict_queue SET customer = %(customer)s::uuid
WHERE conflict IN (SELECT (k ->> 'key')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.conflicts[*]') AS k)
