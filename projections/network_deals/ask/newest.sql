-- Newest first; by state, territory or partner. `after` is the cursor of the last row seen.
SELECT registration, line, tier, partner, program, filed_by, registration_class,
    customer_name, territory, sites, value_amount, value_currency, close_on, stage, opportunity,
    fields, state, since, benefit, credit, clause, shown, missing, asked, answer_by, window_from,
    window_to, grace_to, offer_to, extension, held_to, stale_since, progress_by, submitted_at, completed_at,
    jsonb_build_array(submitted_at, registration, line, tier, partner)::text AS cursor
FROM network_deals
WHERE (submitted_at, registration, line, tier, partner) < (
        coalesce((%(after)s::jsonb ->> 0)::timestamptz, 'infinity'), (%(after)s::jsonb ->> 1)::uuid,
        %(after)s::jsonb ->> 2, %(after)s::jsonb ->> 3, %(after)s::jsonb ->> 4
    )
    AND (%(state)s::text IS NULL OR state = %(state)s)
    AND (%(territory)s::text IS NULL OR territory = %(territory)s)
    AND (%(partner)s::text IS NULL OR partner = %(partner)s)
    AND (%(field)s::text IS NULL OR fields ->> %(field)s::text = %(equals)s::text)
ORDER BY submitted_at DESC, registration DESC, line DESC, tier DESC, partner DESC
LIMIT coalesce(%(limit)s::integer, 100)
