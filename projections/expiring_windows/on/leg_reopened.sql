-- A loss was taken back: the leg has an end again.
INSERT INTO expiring_windows (reader, registration, line, tier, partner, program, customer, customer_name, territory, value_amount,
                              value_currency, stage, window_from, window_to, hard_stop_at, ends_at)
SELECT m.reader::uuid, c.registration, c.line, %(tier)s, %(partner)s, c.program, c.customer, r.customer_name, c.territory, c.value_amount, c.value_currency,
    r.stage, w.window_from, %(window_to)s::timestamptz, %(hard_stop_at)s::timestamptz, least(%(window_to)s::timestamptz, %(hard_stop_at)s::timestamptz)
FROM claims AS c
JOIN registrations AS r USING (registration)
CROSS JOIN LATERAL (SELECT DISTINCT reader FROM jsonb_array_elements_text(c.managers) AS m (reader)) AS m
LEFT JOIN windows AS w ON (w.registration, w.line, w.tier, w.partner) = (c.registration, c.line, %(tier)s, %(partner)s)
WHERE c.registration = %(registration)s AND c.line = %(line)s
ON CONFLICT (reader, registration, line, tier, partner) DO UPDATE SET
    window_from = excluded.window_from, window_to = excluded.window_to, grace_to = NULL, held_to = NULL, hard_stop_at = excluded.hard_stop_at, ends_at = excluded.ends_at
