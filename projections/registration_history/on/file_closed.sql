-- The merge as the registrations in the file saw it (ROE-24); the claims lie in the other file from here on.
-- May touch no row: the file held no claim
INSERT INTO registration_history (
    registration, position, stream, version, program, event, line, recorded_at, effective_at, actor_role, actor_subject, actor_partner,
    on_behalf_of, request, clause, reason, source, cause, data
)
SELECT DISTINCT c.registration, %(_position)s::bigint, %(_stream)s::uuid, %(_version)s::bigint, %(_program)s, %(_event)s, NULL, %(_recorded_at)s::timestamptz,
    %(_effective_at)s::timestamptz, %(_actor_role)s, %(_actor_subject)s, %(_actor_partner)s, %(_on_behalf_of)s, %(_request)s, 'ROE-24',
    %(_reason)s, %(_source)s::jsonb, %(_cause)s, %(_data)s::jsonb
FROM claims AS c
WHERE c.customer = %(customer)s::uuid
    AND EXISTS (SELECT FROM registration_history AS h WHERE h.registration = c.registration AND h.program = %(_program)s)
