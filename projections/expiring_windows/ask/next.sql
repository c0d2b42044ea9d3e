-- What ends next, up to an instant if one is given.
SELECT registration, line, tier, partner, program, customer, customer_name, territory, value_amount, value_currency, stage, window_from, window_to,
    grace_to, held_to, stale_since, hard_stop_at, ends_at,
    jsonb_build_array(ends_at, registration, line, tier, partner)::text AS cursor
FROM expiring_windows
WHERE (ends_at, registration, line, tier, partner) > (
        coalesce((%(after)s::jsonb ->> 0)::timestamptz, '-infinity'), (%(after)s::jsonb ->> 1)::uuid,
        %(after)s::jsonb ->> 2, %(after)s::jsonb ->> 3, %(after)s::jsonb ->> 4
    )
    AND ends_at < coalesce(%(until)s::timestamptz, 'infinity')
    AND (%(territory)s::text IS NULL OR territory = %(territory)s)
    AND (%(customer)s::uuid IS NULL OR customer = %(customer)s)
    AND (%(partner)s::text IS NULL OR partner = %(partner)s)
ORDER BY ends_at, registration, line, tier, partner
LIMIT coalesce(%(limit)s::integer, 100)
