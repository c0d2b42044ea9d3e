-- May touch no row: approved without a window (tender, second under a graded doctrine)
WITH begun AS (
    INSERT INTO windows (registration, line, tier, partner, window_from)
    SELECT %(registration)s::uuid, %(line)s, g.tier, g.partner, g.window_from FROM (
    SELECT DISTINCT ON (l.tier, l.partner) l.*
    FROM jsonb_to_recordset(%(legs)s) AS l (tier text, partner text, window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz)
    ORDER BY l.tier, l.partner, l.window_from, l.window_to, l.hard_stop_at
) AS g
    ON CONFLICT (registration, line, tier, partner) DO UPDATE SET window_from = excluded.window_from
)
INSERT INTO expiring_windows (reader, registration, line, tier, partner, program, customer, customer_name, territory, value_amount,
                              value_currency, stage, window_from, window_to, hard_stop_at, ends_at)
SELECT m.reader::uuid, c.registration, c.line, g.tier, g.partner, c.program, c.customer, r.customer_name, c.territory, c.value_amount, c.value_currency,
    r.stage, g.window_from, g.window_to, g.hard_stop_at, least(g.window_to, g.hard_stop_at)
FROM claims AS c
JOIN registrations AS r USING (registration)
CROSS JOIN LATERAL (SELECT DISTINCT reader FROM jsonb_array_elements_text(c.managers) AS m (reader)) AS m
CROSS JOIN (
    SELECT DISTINCT ON (l.tier, l.partner) l.*
    FROM jsonb_to_recordset(%(legs)s) AS l (tier text, partner text, window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz)
    ORDER BY l.tier, l.partner, l.window_from, l.window_to, l.hard_stop_at
) AS g
WHERE c.registration = %(registration)s AND c.line = %(line)s
ON CONFLICT (reader, registration, line, tier, partner) DO UPDATE SET
    window_from = excluded.window_from, window_to = excluded.window_to, grace_to = NULL, held_to = NULL, hard_stop_at = excluded.hard_stop_at, ends_at = excluded.ends_at
