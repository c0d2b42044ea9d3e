-- The claim is of a part of its scope only, at its old time; who joins later reads that part too.
-- May touch no row: nobody of it reads here
WITH said AS (
    UPDATE registrations AS r SET lines = (
        SELECT jsonb_agg(CASE WHEN l.line ->> 'line' = %(line)s THEN jsonb_set(l.line, '{scope}', %(scope)s::jsonb) ELSE l.line END ORDER BY l.place)
        FROM jsonb_array_elements(r.lines) WITH ORDINALITY AS l (line, place)
    )
    WHERE r.registration = %(registration)s AND r.lines <> '[]'::jsonb
)
UPDATE network_deals SET territory = %(scope)s::jsonb ->> 'territory', sites = %(scope)s::jsonb -> 'sites' WHERE registration = %(registration)s AND line = %(line)s
