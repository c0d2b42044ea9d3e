-- Newest first; by state, territory, customer or partner. `after` is the cursor of the last row seen.
SELECT registration, line, tier, partner, program, filed_by, registration_class, customer,
    customer_name, territory, sites, value_amount, value_currency, close_on, stage, opportunity,
    fields, state, since, benefit, credit, clause, shown, reason, conflict, priority_at, review_to,
    leaves_at, approved_by, hard_stop_at, tender, missing, asked, answer_by, window_from,
    window_to, grace_to, offer_to, extension, held_to, stale_since, progress_by, overdue_since, submitted_at, completed_at,
    jsonb_build_array(submitted_at, registration, line, tier, partner)::text AS cursor
FROM protected_customers
WHERE (submitted_at, registration, line, tier, partner) < (
        coalesce((%(after)s::jsonb ->> 0)::timestamptz, 'infinity'), (%(after)s::jsonb ->> 1)::uuid,
        %(after)s::jsonb ->> 2, %(after)s::jsonb ->> 3, %(after)s::jsonb ->> 4
    )
    AND (%(state)s::text IS NULL OR state = %(state)s)
    AND (%(territory)s::text IS NULL OR territory = %(territory)s)
    AND (%(customer)s::uuid IS NULL OR customer = %(customer)s)
    AND (%(partner)s::text IS NULL OR partner = %(partner)s)
    AND (%(field)s::text IS NULL OR fields ->> %(field)s::text = %(equals)s::text)
ORDER BY submitted_at DESC, registration DESC, line DESC, tier DESC, partner DESC
LIMIT coalesce(%(limit)s::integer, 100)
