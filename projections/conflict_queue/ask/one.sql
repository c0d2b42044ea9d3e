SELECT conflict, program, customer, customer_name, line, territory, sites, kind, clause, state, incumbent, challengers, left_parties, ground,
    proposal, ruling, evidence, suggestions, appeals, referred_to, escalated_to, times_overdue, detected_at, evidence_to, ruling_to, appeal_to, stay_to,
    closed_at, closed_reason
FROM conflict_queue WHERE conflict = %(conflict)s
