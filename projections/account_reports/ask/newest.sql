-- What was told, newest first; of one kind, one customer, one line (with what stands for all lines), or only what is not over.
SELECT kind, report, program, customer, line, territory, sites, dealer, distributor, partner, day, reference, registration, past, purchaser, design_customer,
    reason, active_at, effective_at, told_at, told_by, over_at,
    jsonb_build_array(told_at, subject, line)::text AS cursor
FROM account_reports
WHERE (told_at, subject, line) < (coalesce((%(after)s::jsonb ->> 0)::timestamptz, 'infinity'), coalesce(%(after)s::jsonb ->> 1, ''), coalesce(%(after)s::jsonb ->> 2, ''))
    AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND (%(customer)s::uuid IS NULL OR customer = %(customer)s)
    AND (%(line)s::text IS NULL OR line IN (%(line)s, ''))
    AND (%(standing)s::boolean IS NOT TRUE OR over_at IS NULL)
ORDER BY told_at DESC, subject DESC, line DESC
LIMIT coalesce(%(limit)s::integer, 100)
