-- How each leg of one registration came to its state, in order.
SELECT registration, line, tier, partner, n, state, clause, at
FROM changes WHERE registration = %(registration)s ORDER BY at, line, tier, partner, n
