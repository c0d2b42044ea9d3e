UPDATE conflict_queue
SET suggestions = suggestions || jsonb_build_array(jsonb_build_object('ruling', %(ruling)s::text, 'awarded', %(awarded)s::text,
    'suggested_by', %(suggested_by)s::text, 'reason', %(reason)s::text, 'suggested_at', %(suggested_at)s::text))
WHERE conflict = %(conflict)s
