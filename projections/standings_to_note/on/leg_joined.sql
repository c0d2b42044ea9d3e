INSERT INTO legs (registration, line, tier, partner, program, customer, standing, since)
SELECT %(registration)s::uuid, %(line)s, g.tier, g.partner, %(_program)s, %(customer)s::uuid, 'good', %(joined_at)s::timestamptz
FROM jsonb_to_record(%(leg)s) AS g (tier text, partner text)
ON CONFLICT (registration, line, tier, partner) DO UPDATE SET customer = excluded.customer, standing = 'good', since = excluded.since
