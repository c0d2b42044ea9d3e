-- The two may be one customer. Of an equal name the newcomer's opening asked already: then what the comparison said is added.
-- May touch no row: the question stands
INSERT INTO identity_review AS i (reader, one, other, program, ground, alike, one_name, one_country, one_place, one_street, one_postcode, one_identifiers,
    other_name, other_country, other_place, other_street, other_postcode, other_identifiers, score, reasons, method, asked_at, state)
SELECT q.reader, q.one, q.other, %(_program)s, %(ground)s, 0, a.name, a.country, a.place, a.street, a.postcode, coalesce(a.identifiers, '[]'),
    b.name, b.country, b.place, b.street, b.postcode, coalesce(b.identifiers, '[]'), (nullif(%(likeness)s::jsonb, 'null') ->> 'score')::integer,
    coalesce(nullif(%(likeness)s::jsonb, 'null') -> 'reasons', '[]'), nullif(%(likeness)s::jsonb, 'null') ->> 'method', %(_effective_at)s::timestamptz, 'open'
FROM (
    SELECT DISTINCT r.reader::uuid AS reader, least(%(customer)s::uuid, %(other)s::uuid) AS one, greatest(%(customer)s::uuid, %(other)s::uuid) AS other
    FROM jsonb_array_elements_text(%(readers)s::jsonb) AS r (reader)
) AS q
LEFT JOIN customers AS a ON a.customer = q.one
LEFT JOIN customers AS b ON b.customer = q.other
WHERE q.one <> q.other
ON CONFLICT (reader, one, other) DO UPDATE SET
    score = coalesce(excluded.score, i.score), method = coalesce(excluded.method, i.method),
    reasons = CASE WHEN excluded.method IS NULL THEN i.reasons ELSE excluded.reasons END,
    ground = CASE WHEN excluded.ground = 'identifiers' THEN excluded.ground ELSE i.ground END,
    asked_at = CASE WHEN excluded.ground = 'identifiers' AND (i.ground <> 'identifiers' OR i.state <> 'open') THEN excluded.asked_at ELSE i.asked_at END,
    state = CASE WHEN excluded.ground = 'identifiers' THEN 'open' ELSE i.state END,
    told_by = CASE WHEN excluded.ground = 'identifiers' THEN NULL ELSE i.told_by END,
    told_at = CASE WHEN excluded.ground = 'identifiers' THEN NULL ELSE i.told_at END,
    reason = CASE WHEN excluded.ground = 'identifiers' THEN NULL ELSE i.reason END
WHERE excluded.method IS NOT NULL OR (excluded.ground = 'identifiers' AND (i.ground <> 'identifiers' OR i.state <> 'open'))
