-- May touch no row: the leg held nothing
WITH next AS (
    SELECT g.registration, g.line, g.tier, g.partner, 'protected' AS state, g.window_from, g.window_to, g.hard_stop_at, g.ends_at, g.stopped
    FROM legs AS g
    WHERE g.registration = %(registration)s::uuid AND g.line = %(line)s AND g.tier = %(tier)s AND g.partner = %(partner)s AND g.state <> 'none'
), said AS (
    SELECT n.* FROM (SELECT x.registration, x.line, x.tier, x.partner, x.state, x.window_from, x.window_to, CASE WHEN x.stopped THEN 'infinity' ELSE x.ends_at END AS ends_at FROM next AS x) AS n
    LEFT JOIN legs AS l ON (l.registration, l.line, l.tier, l.partner) = (n.registration, n.line, n.tier, n.partner)
    WHERE (n.state, n.window_from, n.window_to, n.ends_at) IS DISTINCT FROM (l.state, l.window_from, l.window_to, CASE WHEN l.stopped THEN 'infinity' ELSE l.ends_at END)
), closed AS (
    UPDATE protection_intervals AS i SET known_to = %(_recorded_at)s::timestamptz, until_position = %(_position)s::bigint
    FROM said AS n
    WHERE (i.registration, i.line, i.tier, i.partner) = (n.registration, n.line, n.tier, n.partner)
        AND i.until_position IS NULL AND i.valid_to > %(_effective_at)s::timestamptz
    RETURNING i.*
), kept AS (
    INSERT INTO protection_intervals (registration, line, tier, partner, reader, valid_from, valid_to, known_from, known_to, position, span, program,
        customer, customer_name, filed_by, territory, sites, regions, state, window_from, window_to, fact, event, clause)
    SELECT k.registration, k.line, k.tier, k.partner, k.reader, k.valid_from, %(_effective_at)s::timestamptz, %(_recorded_at)s::timestamptz, 'infinity', %(_position)s::bigint,
        CASE WHEN %(_effective_at)s::timestamptz = 'infinity' THEN 15 ELSE width_bucket(date_part('epoch', %(_effective_at)s::timestamptz - k.valid_from) / 86400, '{1,2,4,8,16,32,64,128,256,512,1024,2048,4096,8192}'::double precision[]) END,
        k.program, k.customer, k.customer_name, k.filed_by, k.territory, k.sites, k.regions, k.state, k.window_from, k.window_to, k.fact, k.event, k.clause
    FROM closed AS k WHERE k.valid_from < %(_effective_at)s::timestamptz
), added AS (
    INSERT INTO protection_intervals (registration, line, tier, partner, reader, valid_from, valid_to, known_from, known_to, position, span, program,
        customer, customer_name, filed_by, territory, sites, regions, state, window_from, window_to, fact, event, clause)
    SELECT n.registration, n.line, n.tier, n.partner, m.reader, %(_effective_at)s::timestamptz, n.ends_at, %(_recorded_at)s::timestamptz, 'infinity', %(_position)s::bigint,
        CASE WHEN n.ends_at = 'infinity' THEN 15 ELSE width_bucket(date_part('epoch', n.ends_at - %(_effective_at)s::timestamptz) / 86400, '{1,2,4,8,16,32,64,128,256,512,1024,2048,4096,8192}'::double precision[]) END,
        c.program, c.customer, (SELECT r.customer_name FROM registrations AS r WHERE r.registration = n.registration), c.filed_by, c.territory, c.sites, c.managers,
        n.state, n.window_from, n.window_to, %(_stream)s || ':' || %(_version)s::text, %(_event)s, %(_clause)s
    FROM said AS n
    JOIN claims AS c ON (c.registration, c.line) = (n.registration, n.line)
    CROSS JOIN LATERAL unnest(c.managers) AS m (reader)
    WHERE n.state <> 'none' AND n.ends_at > %(_effective_at)s::timestamptz
)
INSERT INTO legs AS l (registration, line, tier, partner, state, window_from, window_to, hard_stop_at, ends_at, stopped)
SELECT n.registration, n.line, n.tier, n.partner, n.state, n.window_from, n.window_to, n.hard_stop_at, n.ends_at, n.stopped FROM next AS n
ON CONFLICT (registration, line, tier, partner) DO UPDATE SET state = excluded.state, window_from = excluded.window_from,
    window_to = excluded.window_to, hard_stop_at = excluded.hard_stop_at, ends_at = excluded.ends_at, stopped = excluded.stopped
