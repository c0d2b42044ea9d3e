-- What is to be ruled next: the ruling that is due first comes first.
SELECT conflict, program, customer, customer_name, line, territory, sites, kind, clause, state, incumbent, challengers, left_parties, ground,
    proposal, ruling, evidence, suggestions, appeals, referred_to, escalated_to, times_overdue, detected_at, evidence_to, ruling_to, appeal_to, stay_to,
    closed_at, closed_reason,
    jsonb_build_array(ruling_to, conflict)::text AS cursor
FROM conflict_queue
WHERE state IN ('detected', 'proposed', 'appealed')
    AND (ruling_to, conflict) > (coalesce((%(after)s::jsonb ->> 0)::timestamptz, '-infinity'), (%(after)s::jsonb ->> 1)::uuid)
    AND (%(territory)s::text IS NULL OR territory = %(territory)s)
    AND (%(kind)s::text IS NULL OR kind = %(kind)s)
    AND (%(customer)s::uuid IS NULL OR customer = %(customer)s)
ORDER BY ruling_to, conflict
LIMIT coalesce(%(limit)s::integer, 100)
