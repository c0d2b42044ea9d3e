-- Whose claims they are after a merge; the registrations themselves keep the customer that they were filed on (ROE-24).
-- May touch no row: the file held no claim
UPDATE protected_customers SET customer = %(customer)s::uuid WHERE registration IN (SELECT (c ->> 'registration')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.claims[*].value') AS c)
