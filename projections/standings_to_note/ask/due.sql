-- Which customer files to ask now, the one that waits longest first.
SELECT l.program, 'file' AS aggregate, l.customer AS subject, min(greatest(s.standing_from, l.since)) AS due_at
FROM standings AS s
JOIN legs AS l USING (program, partner)
WHERE s.standing <> l.standing AND greatest(s.standing_from, l.since) <= %(at)s
    AND NOT EXISTS (
        SELECT FROM standings AS n
        WHERE (n.program, n.partner) = (s.program, s.partner) AND n.standing_from > s.standing_from AND n.standing_from <= l.since
    )
GROUP BY l.program, l.customer
ORDER BY min(greatest(s.standing_from, l.since)), l.customer
LIMIT coalesce(%(limit)s::integer, 200)
