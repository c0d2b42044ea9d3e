-- The new leg ends by itself, and begins first where the line's protection has not begun; on a line that waits it waits too.
-- May touch no row: the line still waits
WITH named AS (
    INSERT INTO legs (registration, line, tier, partner) VALUES (%(registration)s, %(line)s, 'distributor', %(partner)s) ON CONFLICT DO NOTHING
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, w.what, %(registration)s::uuid, %(line)s, 'distributor', %(partner)s, %(_program)s, (SELECT c.source FROM claims AS c WHERE c.registration = %(registration)s AND c.line = %(line)s), w.due_at
FROM jsonb_to_record(coalesce(nullif(%(window)s::jsonb, 'null'), '{}')) AS g (window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz)
CROSS JOIN LATERAL (VALUES ('begins', g.window_from), ('ends', least(g.window_to, g.hard_stop_at))) AS w (what, due_at)
WHERE g.window_to IS NOT NULL AND (w.what = 'ends' OR w.due_at > %(named_at)s::timestamptz)
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
