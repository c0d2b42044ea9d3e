-- A flag is in the history of everything that is claimed on the lines that it names, or on all of them (ROE-20).
-- May touch no row: an account on which nobody claims a line
INSERT INTO registration_history (
    registration, position, stream, version, program, event, line, recorded_at, effective_at, actor_role, actor_subject, actor_partner,
    on_behalf_of, request, clause, reason, source, cause, data
)
SELECT DISTINCT c.registration, %(_position)s::bigint, %(_stream)s::uuid, %(_version)s::bigint, %(_program)s, %(_event)s, NULL, %(_recorded_at)s::timestamptz,
    %(_effective_at)s::timestamptz, %(_actor_role)s, %(_actor_subject)s, %(_actor_partner)s, %(_on_behalf_of)s, %(_request)s, %(_clause)s,
    %(_reason)s, %(_source)s::jsonb, %(_cause)s, %(_data)s::jsonb
FROM claims AS c
WHERE c.customer = %(customer)s AND (%(lines)s::jsonb = '[]' OR %(lines)s::jsonb ? c.line)
