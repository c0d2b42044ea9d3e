-- May touch no row: a note without a stage; a registration without a dealer has no reader here
UPDATE my_deals SET stage = %(stage)s WHERE registration = %(registration)s AND %(stage)s::text IS NOT NULL
