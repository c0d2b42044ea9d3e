-- They are different; without another, from all that it was asked about.
-- May touch no row: nobody had asked, or the other side's fact was first
UPDATE identity_review SET state = 'apart', overdue = false, reason = %(reason)s, told_by = %(told_by)s, told_at = %(told_at)s::timestamptz
WHERE state = 'open' AND %(customer)s::uuid IN (one, other) AND (%(other)s::uuid IS NULL OR %(other)s::uuid IN (one, other))
