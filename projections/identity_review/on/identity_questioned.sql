-- The two may be one customer. Of an equal name the newcomer's opening asked already.
-- May touch no row: the question stands
INSERT INTO identity_review (reader, one, other, program, ground, alike, one_name, one_country, one_place, one_identifiers, other_name, other_country, other_place, other_identifiers, asked_at, state)
SELECT q.reader, q.one, q.other, %(_program)s, %(ground)s, 0, a.name, a.country, a.place, coalesce(a.identifiers, '[]'),
    b.name, b.country, b.place, coalesce(b.identifiers, '[]'), %(_effective_at)s::timestamptz, 'open'
FROM (
    SELECT DISTINCT r.reader::uuid AS reader, least(%(customer)s::uuid, %(other)s::uuid) AS one, greatest(%(customer)s::uuid, %(other)s::uuid) AS other
    FROM jsonb_array_elements_text(%(readers)s::jsonb) AS r (reader)
) AS q
LEFT JOIN customers AS a ON a.customer = q.one
LEFT JOIN customers AS b ON b.customer = q.other
WHERE q.one <> q.other
ON CONFLICT (reader, one, other) DO UPDATE SET ground = excluded.ground, state = 'open', asked_at = excluded.asked_at, told_by = NULL, told_at = NULL, reason = NULL
WHERE excluded.ground = 'identifiers' AND (identity_review.ground <> 'identifiers' OR identity_review.state <> 'open')
