-- Nobody ruled in time: the role is told, and again at the next due instant.
UPDATE conflict_queue SET escalated_to = %(escalate_to)s, times_overdue = times_overdue + 1, ruling_to = %(again_at)s WHERE conflict = %(conflict)s
