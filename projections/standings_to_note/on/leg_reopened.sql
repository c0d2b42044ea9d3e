INSERT INTO legs (registration, line, tier, partner, program, customer, standing, since)
VALUES (%(registration)s::uuid, %(line)s, %(tier)s, %(partner)s, %(_program)s, %(customer)s::uuid, 'good', %(reopened_at)s::timestamptz)
ON CONFLICT (registration, line, tier, partner) DO UPDATE SET customer = excluded.customer, standing = 'good', since = excluded.since
