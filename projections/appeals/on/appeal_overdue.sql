-- Nobody judged in time: the role is told, and again at the next due instant.
UPDATE appeals SET escalated_to = %(escalate_to)s, times_overdue = times_overdue + 1, ruling_to = %(again_at)s
WHERE registration = %(registration)s AND line = %(line)s AND state = 'waits'
