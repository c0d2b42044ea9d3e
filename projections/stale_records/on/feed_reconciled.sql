-- Everything that may have changed in the gap is known.
DELETE FROM stale_records WHERE subject = %(gap)s
