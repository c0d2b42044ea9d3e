-- A claim that comes before the ruling is a party too, with a time for evidence of its own.
UPDATE conflict_queue
SET challengers = challengers || jsonb_build_array(%(challenger)s::jsonb), evidence_to = coalesce(%(evidence_to)s::timestamptz, evidence_to)
WHERE conflict = %(conflict)s
