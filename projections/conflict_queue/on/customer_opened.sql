-- May touch no row: the customer has no name, only identifiers
INSERT INTO customers (customer, name) SELECT %(customer)s::uuid, %(name)s::text WHERE %(name)s::text IS NOT NULL
ON CONFLICT (customer) DO UPDATE SET name = excluded.name
