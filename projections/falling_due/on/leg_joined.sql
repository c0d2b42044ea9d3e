WITH joined AS (
    INSERT INTO legs (registration, line, tier, partner)
    SELECT %(registration)s::uuid, %(line)s, g.tier, g.partner FROM jsonb_to_record(%(leg)s) AS g (tier text, partner text)
    ON CONFLICT DO NOTHING
), asked AS (
    DELETE FROM falling_due WHERE aggregate = 'file' AND subject = %(customer)s AND what = 'joining_ends' AND registration = %(joining)s
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, 'ends', %(registration)s::uuid, %(line)s, g.tier, g.partner, %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), least(g.window_to, g.hard_stop_at)
FROM jsonb_to_record(%(leg)s) AS g (tier text, partner text, window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
