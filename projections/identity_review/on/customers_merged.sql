-- They are one. What was still asked of the absorbed one is asked of the other from here on.
-- May touch no row: nobody had asked, or the other side's fact was first
WITH done AS (
    UPDATE identity_review SET state = 'merged', overdue = false, reason = %(reason)s, told_by = %(merged_by)s, told_at = %(merged_at)s::timestamptz
    WHERE state = 'open' AND one = least(%(absorbed)s::uuid, %(into)s::uuid) AND other = greatest(%(absorbed)s::uuid, %(into)s::uuid)
), gone AS (
    DELETE FROM identity_review
    WHERE state = 'open' AND %(absorbed)s::uuid IN (one, other) AND %(into)s::uuid NOT IN (one, other)
    RETURNING reader, CASE WHEN one = %(absorbed)s::uuid THEN other ELSE one END AS third, program, ground, alike, score, reasons, method, asked_at, decide_to, overdue
)
INSERT INTO identity_review (reader, one, other, program, ground, alike, one_name, one_country, one_place, one_street, one_postcode, one_identifiers,
    other_name, other_country, other_place, other_street, other_postcode, other_identifiers, score, reasons, method, asked_at, decide_to, overdue, state)
SELECT g.reader, least(g.third, %(into)s::uuid), greatest(g.third, %(into)s::uuid), g.program, g.ground, g.alike, a.name, a.country, a.place, a.street, a.postcode, coalesce(a.identifiers, '[]'),
    b.name, b.country, b.place, b.street, b.postcode, coalesce(b.identifiers, '[]'), g.score, g.reasons, g.method, g.asked_at, g.decide_to, g.overdue, 'open'
FROM gone AS g
LEFT JOIN customers AS a ON a.customer = least(g.third, %(into)s::uuid)
LEFT JOIN customers AS b ON b.customer = greatest(g.third, %(into)s::uuid)
ON CONFLICT DO NOTHING
