-- A fact of every registration that it carries, whose claims lie in this file from here on (ROE-24).
-- May touch no row: the file held no claim
WITH moved AS (
    SELECT DISTINCT (c ->> 'registration')::uuid AS registration, c ->> 'line' AS line FROM jsonb_path_query(%(holdings)s::jsonb, '$.claims[*].value') AS c
), known AS (
    INSERT INTO claims (customer, line, registration) SELECT %(customer)s::uuid, m.line, m.registration FROM moved AS m ON CONFLICT DO NOTHING
)
INSERT INTO registration_history (
    registration, position, stream, version, program, event, line, recorded_at, effective_at, actor_role, actor_subject, actor_partner,
    on_behalf_of, request, clause, reason, source, cause, data
)
SELECT m.registration, %(_position)s::bigint, %(_stream)s::uuid, %(_version)s::bigint, %(_program)s, %(_event)s, NULL, %(_recorded_at)s::timestamptz,
    %(_effective_at)s::timestamptz, %(_actor_role)s, %(_actor_subject)s, %(_actor_partner)s, %(_on_behalf_of)s, %(_request)s, 'ROE-24',
    %(_reason)s, %(_source)s::jsonb, %(_cause)s, %(_data)s::jsonb - 'holdings'
FROM (SELECT DISTINCT k.registration FROM moved AS k) AS m
