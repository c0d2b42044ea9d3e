-- Nobody told in time.
-- May touch no row: it was told meanwhile
UPDATE identity_review SET overdue = true
WHERE program = %(_program)s AND %(customer)s::uuid IN (one, other) AND state = 'open' AND decide_to <= %(breached_at)s::timestamptz
