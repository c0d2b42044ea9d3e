WITH before AS (
    SELECT reader, conflict, kind, state FROM conflict_queue WHERE conflict = %(conflict)s
), moved AS (
    UPDATE conflict_queue SET state = 'closed', closed_at = %(closed_at)s, closed_reason = %(reason)s, evidence_to = NULL, appeal_to = NULL, stay_to = NULL
    WHERE conflict = %(conflict)s
    RETURNING reader, kind, state
)
INSERT INTO conflict_counts AS c (reader, kind, state, n)
SELECT x.reader, x.kind, x.state, sum(x.n) FROM (
    SELECT b.reader, b.kind, b.state, -1 AS n FROM before AS b UNION ALL SELECT m.reader, m.kind, m.state, 1 FROM moved AS m
) AS x GROUP BY x.reader, x.kind, x.state
ON CONFLICT (reader, kind, state) DO UPDATE SET n = c.n + excluded.n
