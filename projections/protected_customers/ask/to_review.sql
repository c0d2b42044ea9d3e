-- What waits for a person's approval, and extensions that wait for a decision, oldest first (ROE-30, ROE-13).
SELECT registration, line, tier, partner, program, filed_by, registration_class, customer,
    customer_name, territory, sites, value_amount, value_currency, close_on, stage, opportunity,
    fields, state, since, benefit, credit, clause, shown, reason, conflict, priority_at, review_to,
    leaves_at, approved_by, hard_stop_at, tender, missing, asked, answer_by, window_from,
    window_to, grace_to, offer_to, extension, held_to, stale_since, progress_by, overdue_since, submitted_at, completed_at,
    jsonb_build_array(submitted_at, registration, line, tier, partner)::text AS cursor
FROM protected_customers
WHERE ((state = 'pending' AND clause IS NOT NULL) OR (extension = 'asked' AND state IN ('protected', 'suspended')))
    AND (submitted_at, registration, line, tier, partner) > (
        coalesce((%(after)s::jsonb ->> 0)::timestamptz, '-infinity'), (%(after)s::jsonb ->> 1)::uuid,
        %(after)s::jsonb ->> 2, %(after)s::jsonb ->> 3, %(after)s::jsonb ->> 4
    )
ORDER BY submitted_at, registration, line, tier, partner
LIMIT coalesce(%(limit)s::integer, 100)
