-- A newcomer, and with whom it may be one.
-- May touch no row: nobody is like it
WITH known AS (
    INSERT INTO customers (customer, name, country, place, street, postcode, identifiers)
    VALUES (%(customer)s, %(name)s, %(country)s, %(place)s, %(street)s, %(postcode)s, coalesce(nullif(%(identifiers)s::jsonb, 'null'), '[]'))
    ON CONFLICT (customer) DO UPDATE SET name = excluded.name, country = excluded.country, place = excluded.place, street = excluded.street, postcode = excluded.postcode, identifiers = excluded.identifiers
    RETURNING customer, name, country, place, street, postcode, identifiers
), everybody AS (
    SELECT * FROM known UNION ALL SELECT c.customer, c.name, c.country, c.place, c.street, c.postcode, c.identifiers FROM customers AS c WHERE c.customer <> %(customer)s::uuid
)
INSERT INTO identity_review (reader, one, other, program, ground, alike, one_name, one_country, one_place, one_street, one_postcode, one_identifiers, other_name, other_country, other_place, other_street, other_postcode, other_identifiers, asked_at, state)
SELECT q.reader, q.one, q.other, %(_program)s, 'name', coalesce(%(alike)s::integer, 0), a.name, a.country, a.place, a.street, a.postcode, coalesce(a.identifiers, '[]'),
    b.name, b.country, b.place, b.street, b.postcode, coalesce(b.identifiers, '[]'), %(_effective_at)s::timestamptz, 'open'
FROM (
    SELECT DISTINCT r.reader::uuid AS reader, least(%(customer)s::uuid, p.other::uuid) AS one, greatest(%(customer)s::uuid, p.other::uuid) AS other
    FROM jsonb_array_elements_text(coalesce(nullif(%(readers)s::jsonb, 'null'), '[]')) AS r (reader), jsonb_array_elements_text(%(possible)s::jsonb) AS p (other)
) AS q
LEFT JOIN everybody AS a ON a.customer = q.one
LEFT JOIN everybody AS b ON b.customer = q.other
WHERE q.one <> q.other
ON CONFLICT DO NOTHING
