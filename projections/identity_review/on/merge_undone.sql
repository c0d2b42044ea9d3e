-- They are two after all.
-- May touch no row: nobody had asked
UPDATE identity_review SET state = 'apart', overdue = false, reason = %(reason)s, told_by = %(undone_by)s, told_at = %(undone_at)s::timestamptz
WHERE one = least(%(absorbed)s::uuid, %(into)s::uuid) AND other = greatest(%(absorbed)s::uuid, %(into)s::uuid)
