-- A partner is seller of record again: the ruling against it was reversed (ROE-18, ROE-29).
-- May touch no row: nobody is named who reads it
INSERT INTO account_reports (reader, subject, line, kind, report, program, customer, territory, sites, told_at, told_by, partner, reason)
SELECT DISTINCT m.reader::uuid, %(_stream)s || ':' || %(_version)s, %(line)s, 'record_return', NULL::uuid, %(_program)s, %(customer)s::uuid, %(scope)s::jsonb ->> 'territory', coalesce(%(scope)s::jsonb -> 'sites', '[]'),
    %(returned_at)s::timestamptz, %(_actor_subject)s, %(partner)s, %(reason)s
FROM jsonb_array_elements_text(%(managers)s::jsonb) AS m (reader)
ON CONFLICT (reader, subject, line) DO UPDATE SET
    territory = excluded.territory, sites = excluded.sites, told_at = excluded.told_at, told_by = excluded.told_by, over_at = NULL,
    partner = excluded.partner, reason = excluded.reason
