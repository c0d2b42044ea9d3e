-- May touch no row: it names nobody, or nobody reads it
-- A claim waits for the answer: by when a person was to tell, for the first that does.
INSERT INTO identity_review (reader, one, other, program, ground, alike, one_name, one_country, one_place, one_street, one_postcode, one_identifiers, other_name, other_country, other_place, other_street, other_postcode, other_identifiers, asked_at, state, decide_to)
SELECT q.reader, q.one, q.other, %(_program)s, 'name', %(alike)s::integer, a.name, a.country, a.place, a.street, a.postcode, coalesce(a.identifiers, '[]'),
    b.name, b.country, b.place, b.street, b.postcode, coalesce(b.identifiers, '[]'), %(_effective_at)s::timestamptz, 'open', %(decide_to)s::timestamptz
FROM (
    SELECT DISTINCT r.reader::uuid AS reader, least(%(customer)s::uuid, p.other::uuid) AS one, greatest(%(customer)s::uuid, p.other::uuid) AS other
    FROM jsonb_array_elements_text(%(readers)s::jsonb) AS r (reader), jsonb_array_elements_text(%(possible)s::jsonb) AS p (other)
) AS q
LEFT JOIN customers AS a ON a.customer = q.one
LEFT JOIN customers AS b ON b.customer = q.other
WHERE q.one <> q.other
ON CONFLICT (reader, one, other) DO UPDATE SET decide_to = least(identity_review.decide_to, excluded.decide_to)
