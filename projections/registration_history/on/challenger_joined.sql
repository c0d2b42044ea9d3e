WITH party AS (
    INSERT INTO parties (conflict, registration) VALUES (%(conflict)s, (%(challenger)s::jsonb ->> 'registration')::uuid)
    ON CONFLICT DO NOTHING
    RETURNING registration
)
INSERT INTO registration_history (
    registration, position, stream, version, program, event, line, recorded_at, effective_at, actor_role, actor_subject, actor_partner,
    on_behalf_of, request, clause, reason, source, cause, data
)
SELECT p.registration, %(_position)s::bigint, %(_stream)s::uuid, %(_version)s::bigint, %(_program)s, %(_event)s, NULL, %(_recorded_at)s::timestamptz,
    %(_effective_at)s::timestamptz, %(_actor_role)s, %(_actor_subject)s, %(_actor_partner)s, %(_on_behalf_of)s, %(_request)s, %(_clause)s,
    %(_reason)s, %(_source)s::jsonb, %(_cause)s, %(_data)s::jsonb
FROM (
    SELECT registration FROM parties WHERE conflict = %(conflict)s UNION SELECT registration FROM party
) AS p
