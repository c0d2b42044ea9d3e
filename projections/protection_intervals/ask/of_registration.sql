-- Every piece of a registration's protection that is known now or was known once, in the order in which it was learnt.
SELECT registration, line, tier, partner, program, customer, customer_name, filed_by, territory, sites, state, window_from, window_to,
    valid_from, nullif(valid_to, 'infinity') AS valid_to, known_from, nullif(known_to, 'infinity') AS known_to, fact, event, clause
FROM protection_intervals
WHERE registration = %(registration)s AND known_from < known_to
ORDER BY line, tier, partner, position, valid_from
