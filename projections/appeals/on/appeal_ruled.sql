UPDATE appeals SET state = CASE WHEN %(reversed)s::boolean THEN 'reversed' ELSE 'upheld' END, ruled_by = %(ruled_by)s, ruled_because = %(reason)s, ruled_at = %(ruled_at)s
WHERE registration = %(registration)s AND line = %(line)s AND state = 'waits'
