-- The manufacturer's own opportunity (ROE-19).
-- May touch no row: nobody is named who reads it
INSERT INTO account_reports (reader, subject, line, kind, report, program, customer, territory, sites, told_at, told_by, active_at)
SELECT DISTINCT m.reader::uuid, %(opportunity)s::uuid::text, %(line)s, 'direct_opportunity', %(opportunity)s::uuid, %(_program)s, %(customer)s::uuid, %(scope)s::jsonb ->> 'territory', coalesce(%(scope)s::jsonb -> 'sites', '[]'),
    %(recorded_at)s::timestamptz, %(_actor_subject)s, %(active_at)s::timestamptz
FROM jsonb_array_elements_text(%(managers)s::jsonb) AS m (reader)
ON CONFLICT (reader, subject, line) DO UPDATE SET
    territory = excluded.territory, sites = excluded.sites, told_at = excluded.told_at, told_by = excluded.told_by, over_at = NULL,
    active_at = excluded.active_at
