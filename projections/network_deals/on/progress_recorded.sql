-- Who is out by a change of distributor reads nothing further (ROE-17).
-- May touch no row: a note without a stage; a registration without a distributor has no reader here
UPDATE network_deals SET stage = %(stage)s WHERE registration = %(registration)s AND %(stage)s::text IS NOT NULL AND NOT (state = 'released' AND clause IN ('ROE-16', 'ROE-17'))
