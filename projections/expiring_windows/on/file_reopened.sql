-- Whose claims they are after its undoing (ROE-24).
-- May touch no row: the file held no claim
WITH known AS (
    UPDATE claims SET customer = %(customer)s::uuid WHERE registration IN (SELECT (c ->> 'registration')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.claims[*].value') AS c)
)
UPDATE expiring_windows SET customer = %(customer)s::uuid WHERE registration IN (SELECT (c ->> 'registration')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.claims[*].value') AS c)
