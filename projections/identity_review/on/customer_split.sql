-- It was two: what names the other now leaves the one, and a question between them is told.
-- May touch no row: the other side's fact was first, and nobody had asked
WITH moved AS (
    SELECT m.scheme, m.value FROM jsonb_to_recordset(%(identifiers)s::jsonb) AS m (scheme text, value text)
), known AS (
    UPDATE customers AS c SET identifiers =
        (SELECT coalesce(jsonb_agg(i ORDER BY n), '[]') FROM jsonb_array_elements(c.identifiers) WITH ORDINALITY AS k (i, n)
            WHERE NOT EXISTS (SELECT FROM moved AS m WHERE (m.scheme, m.value) = (i ->> 'scheme', i ->> 'value')))
        || CASE WHEN c.customer = %(to)s::uuid THEN %(identifiers)s::jsonb ELSE '[]' END
    WHERE c.customer = %(customer)s::uuid RETURNING c.customer, c.identifiers
)
UPDATE identity_review AS i SET
    one_identifiers = CASE WHEN i.one = k.customer THEN k.identifiers ELSE i.one_identifiers END,
    other_identifiers = CASE WHEN i.other = k.customer THEN k.identifiers ELSE i.other_identifiers END,
    overdue = CASE WHEN t.told THEN false ELSE i.overdue END,
    reason = CASE WHEN t.told THEN %(reason)s ELSE i.reason END,
    told_by = CASE WHEN t.told THEN %(split_by)s ELSE i.told_by END,
    told_at = CASE WHEN t.told THEN %(split_at)s::timestamptz ELSE i.told_at END,
    state = CASE WHEN t.told THEN 'apart' ELSE i.state END
FROM known AS k, identity_review AS q
CROSS JOIN LATERAL (SELECT q.state = 'open' AND %(parted)s::uuid IN (q.one, q.other) AND %(to)s::uuid IN (q.one, q.other) AS told) AS t
WHERE (q.reader, q.one, q.other) = (i.reader, i.one, i.other) AND k.customer IN (i.one, i.other)
