-- A tender (ROE-23).
-- May touch no row: nobody is named who reads it
INSERT INTO account_reports (reader, subject, line, kind, report, program, customer, territory, sites, told_at, told_by, reference, day, effective_at, reason)
SELECT DISTINCT m.reader::uuid, %(tender)s::uuid::text, %(line)s, 'tender', %(tender)s::uuid, %(_program)s, %(customer)s::uuid, %(scope)s::jsonb ->> 'territory', coalesce(%(scope)s::jsonb -> 'sites', '[]'),
    %(entered_at)s::timestamptz, %(_actor_subject)s, %(reference)s, %(published_on)s::date, %(published_at)s::timestamptz, %(source)s
FROM jsonb_array_elements_text(%(managers)s::jsonb) AS m (reader)
ON CONFLICT (reader, subject, line) DO UPDATE SET
    territory = excluded.territory, sites = excluded.sites, told_at = excluded.told_at, told_by = excluded.told_by, over_at = NULL,
    reference = excluded.reference, day = excluded.day, effective_at = excluded.effective_at, reason = excluded.reason
