-- A name for customers that were opened without one.
-- May touch no row: the customer has a name already, or is not known yet
INSERT INTO customers (customer, name)
SELECT %(customer)s::uuid, %(customer_name)s::text WHERE %(customer)s::uuid IS NOT NULL AND %(customer_name)s::text IS NOT NULL
ON CONFLICT (customer) DO NOTHING
