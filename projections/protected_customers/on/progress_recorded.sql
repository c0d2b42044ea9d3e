-- May touch no row: a note without a stage
UPDATE protected_customers SET stage = %(stage)s WHERE registration = %(registration)s AND %(stage)s::text IS NOT NULL
