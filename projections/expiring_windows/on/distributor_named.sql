-- May touch no row: the line still waits
WITH begun AS (
    INSERT INTO windows (registration, line, tier, partner, window_from)
    SELECT %(registration)s::uuid, %(line)s, 'distributor', %(partner)s, g.window_from FROM jsonb_to_record(coalesce(nullif(%(window)s::jsonb, 'null'), '{}')) AS g (window_from timestamptz)
    WHERE jsonb_typeof(%(window)s::jsonb) = 'object'
    ON CONFLICT (registration, line, tier, partner) DO UPDATE SET window_from = excluded.window_from
)
INSERT INTO expiring_windows (reader, registration, line, tier, partner, program, customer, customer_name, territory, value_amount,
                              value_currency, stage, window_from, window_to, hard_stop_at, ends_at)
SELECT m.reader::uuid, c.registration, c.line, g.tier, g.partner, c.program, c.customer, r.customer_name, c.territory, c.value_amount, c.value_currency,
    r.stage, g.window_from, g.window_to, g.hard_stop_at, least(g.window_to, g.hard_stop_at)
FROM claims AS c
JOIN registrations AS r USING (registration)
CROSS JOIN LATERAL (SELECT DISTINCT reader FROM jsonb_array_elements_text(c.managers) AS m (reader)) AS m
CROSS JOIN jsonb_to_record(coalesce(nullif(%(window)s::jsonb, 'null'), '{}')) AS g (tier text, partner text, window_from timestamptz, window_to timestamptz, hard_stop_at timestamptz)
WHERE c.registration = %(registration)s AND c.line = %(line)s AND g.window_to IS NOT NULL
ON CONFLICT (reader, registration, line, tier, partner) DO UPDATE SET
    window_from = excluded.window_from, window_to = excluded.window_to, grace_to = NULL, held_to = NULL, hard_stop_at = excluded.hard_stop_at, ends_at = excluded.ends_at
