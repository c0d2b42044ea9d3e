-- What there is to look at, newest first.
SELECT kind, program, partner, customer, line, registrations, amount, currency, month, n, noted_at,
    jsonb_build_array(noted_at, kind, subject)::text AS cursor
FROM notices
WHERE (noted_at, kind, subject) < (coalesce((%(after)s::jsonb ->> 0)::timestamptz, 'infinity'), coalesce(%(after)s::jsonb ->> 1, ''), coalesce(%(after)s::jsonb ->> 2, ''))
    AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND (%(partner)s::text IS NULL OR partner = %(partner)s)
ORDER BY noted_at DESC, kind DESC, subject DESC
LIMIT coalesce(%(limit)s::integer, 100)
