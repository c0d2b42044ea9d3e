-- To be judged again by another person: it is open once more, and due when the judgement is.
WITH before AS (
    SELECT reader, conflict, kind, state FROM conflict_queue WHERE conflict = %(conflict)s
), moved AS (
    UPDATE conflict_queue SET state = 'appealed', appeal_to = NULL, ruling_to = CASE WHEN state = 'appealed' THEN ruling_to ELSE %(ruling_to)s END,
        appeals = appeals || jsonb_build_array(jsonb_build_object(
            'registration', %(registration)s::text, 'appealed_by', %(appealed_by)s::text, 'reason', %(reason)s::text, 'appealed_at', %(appealed_at)s::text))
    WHERE conflict = %(conflict)s
    RETURNING reader, kind, state
)
INSERT INTO conflict_counts AS c (reader, kind, state, n)
SELECT x.reader, x.kind, x.state, sum(x.n) FROM (
    SELECT b.reader, b.kind, b.state, -1 AS n FROM before AS b UNION ALL SELECT m.reader, m.kind, m.state, 1 FROM moved AS m
) AS x GROUP BY x.reader, x.kind, x.state
ON CONFLICT (reader, kind, state) DO UPDATE SET n = c.n + excluded.n
