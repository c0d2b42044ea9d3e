-- A partner is seller of record no more (ROE-18).
-- May touch no row: nobody is named who reads it
INSERT INTO account_reports (reader, subject, line, kind, report, program, customer, territory, sites, told_at, told_by, partner, reference, reason)
SELECT DISTINCT m.reader::uuid, %(_stream)s || ':' || %(_version)s, %(line)s, 'record_end', NULL::uuid, %(_program)s, %(customer)s::uuid, %(scope)s::jsonb ->> 'territory', coalesce(%(scope)s::jsonb -> 'sites', '[]'),
    %(ended_at)s::timestamptz, %(_actor_subject)s, %(partner)s, %(ground)s, %(reason)s
FROM jsonb_array_elements_text(%(managers)s::jsonb) AS m (reader)
ON CONFLICT (reader, subject, line) DO UPDATE SET
    territory = excluded.territory, sites = excluded.sites, told_at = excluded.told_at, told_by = excluded.told_by, over_at = NULL,
    partner = excluded.partner, reference = excluded.reference, reason = excluded.reason
