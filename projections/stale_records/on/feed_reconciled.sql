-- Everything that may have changed in the gap is known.
-- May touch no row: the gap is not listed
DELETE FROM stale_records WHERE subject = %(gap)s
