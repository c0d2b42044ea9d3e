-- May touch no row: the line still waits
INSERT INTO legs (registration, line, tier, partner, program, customer, standing, since)
SELECT %(registration)s::uuid, %(line)s, 'distributor', %(partner)s, %(_program)s, %(customer)s::uuid, 'good', %(named_at)s::timestamptz
WHERE jsonb_typeof(%(window)s::jsonb) = 'object'
ON CONFLICT (registration, line, tier, partner) DO UPDATE SET customer = excluded.customer, standing = 'good', since = excluded.since
