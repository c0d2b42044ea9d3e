-- What hangs on that which goes back falls due there again: claims, joinings, overrides, conflicts, special prices (ROE-24).
-- May touch no row: nothing of it was to fall due
WITH gone (id) AS (
    SELECT (c ->> 'registration')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.claims[*].value') AS c
    UNION SELECT (j ->> 'joining')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.joinings[*]') AS j
    UNION SELECT (o ->> 'override')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.overrides[*]') AS o
    UNION SELECT (k ->> 'key')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.clocks[*]') AS k
    UNION SELECT (p ->> 'key')::uuid FROM jsonb_path_query(%(holdings)s::jsonb, '$.prices[*]') AS p
), moved AS (
    DELETE FROM falling_due
    WHERE aggregate = 'file' AND subject = %(into)s::uuid AND program = %(_program)s AND %(into)s::uuid <> %(customer)s::uuid
        AND registration IN (SELECT g.id FROM gone AS g)
    RETURNING what, registration, line, tier, partner, program, source, due_at
)
INSERT INTO falling_due (aggregate, subject, what, registration, line, tier, partner, program, source, due_at)
SELECT 'file', %(customer)s::uuid, m.what, m.registration, m.line, m.tier, m.partner, m.program, m.source, m.due_at FROM moved AS m
ON CONFLICT (aggregate, subject, what, registration, line, tier, partner) DO UPDATE SET due_at = excluded.due_at
