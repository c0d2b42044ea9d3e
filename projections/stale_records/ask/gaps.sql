-- The open gaps of a source's feed; they are few.
SELECT subject, program, entity, since FROM stale_records WHERE source = %(source)s AND kind = 'feed' ORDER BY since, subject LIMIT 1000
