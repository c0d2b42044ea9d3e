WITH claimed AS (
    INSERT INTO legs (registration, line, tier, partner)
    SELECT %(registration)s::uuid, %(line)s, g.tier, g.partner FROM jsonb_to_recordset(%(legs)s) AS g (tier text, partner text)
    ON CONFLICT DO NOTHING
)
INSERT INTO claims (registration, line, source) VALUES (%(registration)s, %(line)s, %(source)s)
ON CONFLICT (registration, line) DO UPDATE SET source = excluded.source
