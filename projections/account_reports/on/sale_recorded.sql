-- A sale as point-of-sale or close data told it (ROE-18, ROE-25).
-- May touch no row: nobody is named who reads it
INSERT INTO account_reports (reader, subject, line, kind, report, program, customer, territory, sites, told_at, told_by, dealer, distributor, day, reference, registration, past, purchaser, design_customer)
SELECT DISTINCT m.reader::uuid, %(sale)s::uuid::text, %(line)s, 'sale', %(sale)s::uuid, %(_program)s, %(customer)s::uuid, %(scope)s::jsonb ->> 'territory', coalesce(%(scope)s::jsonb -> 'sites', '[]'),
    %(recorded_at)s::timestamptz, %(_actor_subject)s, %(dealer)s, %(distributor)s, %(sold_on)s::date, %(reference)s, %(registration)s::uuid, %(past)s::jsonb, %(purchaser)s::uuid, %(design_customer)s::uuid
FROM jsonb_array_elements_text(%(managers)s::jsonb) AS m (reader)
ON CONFLICT (reader, subject, line) DO UPDATE SET
    territory = excluded.territory, sites = excluded.sites, told_at = excluded.told_at, told_by = excluded.told_by, over_at = NULL,
    dealer = excluded.dealer, distributor = excluded.distributor, day = excluded.day, reference = excluded.reference, registration = excluded.registration, past = excluded.past, purchaser = excluded.purchaser, design_customer = excluded.design_customer
