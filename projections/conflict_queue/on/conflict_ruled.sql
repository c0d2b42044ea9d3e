-- The ruling that stands; `on_appeal` says of a judge's ruling whether the first one does.
WITH before AS (
    SELECT reader, conflict, kind, state FROM conflict_queue WHERE conflict = %(conflict)s
), moved AS (
    UPDATE conflict_queue SET state = 'ruled', ruling = jsonb_build_object(
        'ruling', %(ruling)s::text, 'awarded', %(awarded)s::text, 'clause', %(clause)s::text, 'rulebook_version', %(rulebook_version)s::text,
        'ruled_by', %(ruled_by)s::text, 'reason', %(reason)s::text, 'departs', %(departs)s::boolean, 'ruled_at', %(ruled_at)s::text,
        'parts', %(parts)s::jsonb, 'on_appeal', %(on_appeal)s::text
    ), appeal_to = %(appeal_to)s, evidence_to = NULL, stay_to = NULL
    WHERE conflict = %(conflict)s
    RETURNING reader, kind, state
)
INSERT INTO conflict_counts AS c (reader, kind, state, n)
SELECT x.reader, x.kind, x.state, sum(x.n) FROM (
    SELECT b.reader, b.kind, b.state, -1 AS n FROM before AS b UNION ALL SELECT m.reader, m.kind, m.state, 1 FROM moved AS m
) AS x GROUP BY x.reader, x.kind, x.state
ON CONFLICT (reader, kind, state) DO UPDATE SET n = c.n + excluded.n
