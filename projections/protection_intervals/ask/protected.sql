-- What was protected between two instants (half-open), as known at an instant of recording, at a size of the log, or now; by customer.
-- Of each length of pieces only those are looked at that begin near enough to touch it. The bounds are made first: behind row-level security an index is
-- reached by plain comparisons only, and a bound that is computed in place is none. LIMIT ALL keeps it one look into the index for each length: a plan
-- made for any values would read all that began before.
WITH lengths AS MATERIALIZED (
    SELECT s.span::smallint AS span,
        CASE WHEN s.span < 14 THEN %(from)s::timestamptz - make_interval(secs => 86400 * 2.0 ^ s.span) ELSE '-infinity' END AS begins_after
    FROM generate_series(0, 15) AS s (span)
)
SELECT i.registration, i.line, i.tier, i.partner, i.program, i.customer, i.customer_name, i.filed_by, i.territory, i.sites, i.state, i.window_from, i.window_to,
    i.valid_from, nullif(i.valid_to, 'infinity') AS valid_to, i.known_from, nullif(i.known_to, 'infinity') AS known_to, i.fact, i.event, i.clause,
    jsonb_build_array(i.customer, i.line, i.registration, i.tier, i.partner, i.valid_from)::text AS cursor
FROM lengths AS n
CROSS JOIN LATERAL (
    SELECT * FROM protection_intervals AS p
    WHERE p.span = n.span AND p.valid_from > n.begins_after
        AND p.valid_from < %(to)s::timestamptz AND p.valid_to > %(from)s::timestamptz
        AND p.known_from <= coalesce(%(known)s::timestamptz, 'infinity')
        AND (p.until_position IS NULL OR (%(known)s::timestamptz IS NOT NULL AND p.known_to > %(known)s) OR p.until_position > %(size)s::bigint)
        AND p.position <= coalesce(%(size)s::bigint, p.position)
    LIMIT ALL
) AS i
WHERE (%(region)s::uuid IS NULL OR %(region)s = ANY (i.regions))
    AND (%(territory)s::text IS NULL OR i.territory = %(territory)s)
    AND (%(customer)s::uuid IS NULL OR i.customer = %(customer)s)
    AND (%(partner)s::text IS NULL OR i.partner = %(partner)s)
    AND (%(line)s::text IS NULL OR i.line = %(line)s)
    AND (%(state)s::text IS NULL OR i.state = %(state)s)
    AND (i.customer, i.line, i.registration, i.tier, i.partner, i.valid_from) > (
        coalesce((%(after)s::jsonb ->> 0)::uuid, '00000000-0000-0000-0000-000000000000'), coalesce(%(after)s::jsonb ->> 1, ''),
        coalesce((%(after)s::jsonb ->> 2)::uuid, '00000000-0000-0000-0000-000000000000'), coalesce(%(after)s::jsonb ->> 3, ''),
        coalesce(%(after)s::jsonb ->> 4, ''), coalesce((%(after)s::jsonb ->> 5)::timestamptz, '-infinity')
    )
ORDER BY i.customer, i.line, i.registration, i.tier, i.partner, i.valid_from
LIMIT coalesce(%(limit)s::integer, 1000)
