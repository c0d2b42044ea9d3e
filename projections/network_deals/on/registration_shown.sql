-- Shown to the distributors that it names: what was kept for nobody is theirs to read from here on (ROE-32).
-- May touch no row: a registration without a distributor has no reader here
WITH named AS (
    SELECT DISTINCT r.reader::uuid FROM jsonb_array_elements_text(%(readers)s::jsonb -> 'distributors') AS r (reader)
), said AS (
    UPDATE registrations SET readers = %(readers)s::jsonb -> 'distributors' WHERE registration = %(registration)s
), gone AS (
    DELETE FROM network_deals AS d WHERE d.registration = %(registration)s AND d.reader NOT IN (SELECT n.reader FROM named AS n)
    RETURNING d.*
), forgotten AS (
    DELETE FROM changes AS c USING gone AS g
    WHERE (c.reader, c.registration, c.line, c.tier, c.partner) = (g.reader, g.registration, g.line, g.tier, g.partner)
), made AS (
    INSERT INTO network_deals AS d
    SELECT DISTINCT ON (n.reader, g.line, g.tier, g.partner)
        (jsonb_populate_record(NULL::network_deals, to_jsonb(g) || jsonb_build_object('reader', n.reader, 'changes', 1))).*
    FROM gone AS g, named AS n
    WHERE NOT (g.state = 'released' AND g.clause IN ('ROE-16', 'ROE-17'))
    ORDER BY n.reader, g.line, g.tier, g.partner, g.reader
    ON CONFLICT (reader, registration, line, tier, partner) DO NOTHING
    RETURNING d.reader, d.registration, d.line, d.tier, d.partner, d.changes, d.state, d.clause, d.since
)
INSERT INTO changes (reader, registration, line, tier, partner, n, state, clause, at)
SELECT m.reader, m.registration, m.line, m.tier, m.partner, m.changes, m.state, m.clause, m.since
FROM made AS m
