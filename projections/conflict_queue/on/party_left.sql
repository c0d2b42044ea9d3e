UPDATE conflict_queue
SET left_parties = left_parties || jsonb_build_array(jsonb_build_object('registration', %(registration)s::text, 'reason', %(reason)s::text, 'left_at', %(left_at)s::text))
WHERE conflict = %(conflict)s
