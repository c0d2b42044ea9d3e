-- A claim that comes before the ruling is a party too.
UPDATE conflict_queue SET challengers = challengers || jsonb_build_array(%(challenger)s::jsonb) WHERE conflict = %(conflict)s
