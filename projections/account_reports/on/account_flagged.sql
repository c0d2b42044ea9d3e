-- A strategic account (ROE-20).
-- May touch no row: nobody is named who reads it
INSERT INTO account_reports (reader, subject, line, kind, report, program, customer, told_at, told_by, effective_at, reason)
SELECT DISTINCT m.reader::uuid, %(flag)s::uuid::text, l.line, 'strategic_flag', %(flag)s::uuid, %(_program)s, %(customer)s::uuid,
    %(published_at)s::timestamptz, %(_actor_subject)s, %(effective_at)s::timestamptz, %(reason)s
FROM jsonb_array_elements_text(%(managers)s::jsonb) AS m (reader)
CROSS JOIN (
    SELECT DISTINCT n.line FROM jsonb_array_elements_text(%(lines)s::jsonb) AS n (line)
    UNION ALL SELECT '' WHERE %(lines)s::jsonb = '[]'
) AS l
ON CONFLICT (reader, subject, line) DO UPDATE SET
    told_at = excluded.told_at, told_by = excluded.told_by, over_at = NULL, effective_at = excluded.effective_at, reason = excluded.reason
