-- After a message that tells the whole of it, newer than the newest gap, everything is known again.
-- May touch no row: it was not stale, or still is
DELETE FROM stale_records
WHERE subject = %(account)s AND %(change)s IN ('created', 'undeleted', 'deleted', 'read') AND (covers, message) < (%(order)s::text, %(message)s::text)
