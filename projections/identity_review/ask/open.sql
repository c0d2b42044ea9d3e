-- What is to be told: the question that was asked first comes first.
SELECT one, other, program, ground, alike, one_name, one_country, one_place, one_street, one_postcode, one_identifiers, other_name, other_country, other_place, other_street, other_postcode, other_identifiers, score, reasons, method, asked_at, decide_to, overdue, state, reason, told_by, told_at,
    jsonb_build_array(asked_at, one, other)::text AS cursor
FROM identity_review
WHERE state = 'open'
    AND (asked_at, one, other) > (
        coalesce((%(after)s::jsonb ->> 0)::timestamptz, '-infinity'), coalesce((%(after)s::jsonb ->> 1)::uuid, '00000000-0000-0000-0000-000000000000'),
        coalesce((%(after)s::jsonb ->> 2)::uuid, '00000000-0000-0000-0000-000000000000')
    )
    AND (%(customer)s::uuid IS NULL OR %(customer)s IN (one, other))
ORDER BY asked_at, one, other
LIMIT coalesce(%(limit)s::integer, 100)
