UPDATE conflict_queue
SET evidence = evidence || jsonb_build_array(jsonb_build_object('registration', %(registration)s::text, 'kind', %(kind)s::text,
    'dated_on', %(dated_on)s::text, 'counts', %(counts)s::boolean, 'shown_at', %(shown_at)s::text))
WHERE conflict = %(conflict)s
