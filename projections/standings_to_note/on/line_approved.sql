-- May touch no row: approved without a window (tender, second under a graded doctrine)
INSERT INTO legs (registration, line, tier, partner, program, customer, standing, since)
SELECT DISTINCT %(registration)s::uuid, %(line)s, g.tier, g.partner, %(_program)s, %(customer)s::uuid, 'good', %(approved_at)s::timestamptz
FROM jsonb_to_recordset(%(legs)s) AS g (tier text, partner text)
ON CONFLICT (registration, line, tier, partner) DO UPDATE SET customer = excluded.customer, standing = 'good', since = excluded.since
