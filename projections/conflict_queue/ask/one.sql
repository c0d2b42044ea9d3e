SELECT conflict, program, customer, customer_name, line, territory, sites, kind, clause, state, incumbent, challengers, left_parties, ground,
    proposal, ruling, detected_at, ruling_to, closed_at, closed_reason
FROM conflict_queue WHERE conflict = %(conflict)s
