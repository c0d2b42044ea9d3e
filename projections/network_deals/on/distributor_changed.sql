-- Who is out reads that its own legs ended, and nothing of the registration from here on (ROE-17).
-- May touch no row: a registration without a distributor has no reader here
WITH said AS (
    UPDATE registrations SET lines = %(lines)s, readers = %(readers)s::jsonb -> 'distributors' WHERE registration = %(registration)s
), gone AS (
    DELETE FROM network_deals AS d
    WHERE d.registration = %(registration)s
        AND d.reader NOT IN (SELECT r.reader::uuid FROM jsonb_array_elements_text(%(readers)s::jsonb -> 'distributors') AS r (reader))
        AND (d.tier = 'dealer' OR d.state IN ('incomplete', 'pending', 'waiting', 'offered', 'approved', 'protected', 'suspended'))
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner
)
DELETE FROM changes AS c USING gone AS g
WHERE (c.reader, c.registration, c.line, c.tier, c.partner) = (g.reader, g.registration, g.line, g.tier, g.partner)
