-- May touch no row: a note without a stage; a registration without a distributor has no reader here
UPDATE network_deals SET stage = %(stage)s WHERE registration = %(registration)s AND %(stage)s::text IS NOT NULL
