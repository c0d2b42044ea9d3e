-- What is held now, by customer: protected (grace included), approved and suspended legs.
SELECT registration, line, tier, partner, program, filed_by, registration_class, customer,
    customer_name, territory, sites, value_amount, value_currency, close_on, stage, opportunity,
    fields, state, since, benefit, credit, clause, shown, reason, conflict, priority_at, review_to,
    leaves_at, approved_by, hard_stop_at, tender, missing, asked, answer_by, window_from,
    window_to, grace_to, offer_to, extension, held_to, stale_since, progress_by, overdue_since, submitted_at, completed_at,
    jsonb_build_array(customer, line, registration, tier, partner)::text AS cursor
FROM protected_customers
WHERE state IN ('approved', 'protected', 'suspended')
    AND (customer, line, registration, tier, partner) > (
        coalesce((%(after)s::jsonb ->> 0)::uuid, '00000000-0000-0000-0000-000000000000'), coalesce(%(after)s::jsonb ->> 1, ''),
        coalesce((%(after)s::jsonb ->> 2)::uuid, '00000000-0000-0000-0000-000000000000'), coalesce(%(after)s::jsonb ->> 3, ''),
        coalesce(%(after)s::jsonb ->> 4, '')
    )
    AND (%(territory)s::text IS NULL OR territory = %(territory)s)
    AND (%(customer)s::uuid IS NULL OR customer = %(customer)s)
ORDER BY customer, line, registration, tier, partner
LIMIT coalesce(%(limit)s::integer, 100)
