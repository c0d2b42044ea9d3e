INSERT INTO appeals (reader, registration, line, appealed_at, program, customer, against, state, appealed_by, decided_by, reason, ruling_to)
SELECT DISTINCT m.reader::uuid, %(registration)s::uuid, %(line)s, %(appealed_at)s::timestamptz, %(_program)s, %(customer)s::uuid, %(against)s, 'waits',
    %(appealed_by)s, %(decided_by)s, %(reason)s, %(ruling_to)s::timestamptz
FROM jsonb_array_elements_text(%(managers)s) AS m (reader)
ON CONFLICT (reader, registration, line, appealed_at) DO UPDATE SET state = 'waits', against = excluded.against, reason = excluded.reason,
    appealed_by = excluded.appealed_by, decided_by = excluded.decided_by, ruling_to = excluded.ruling_to
