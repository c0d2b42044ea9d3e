-- A fact about one claim is that registration's; one about a line (override, conflict) is that of all who claim it, one about the customer that of all.
-- May touch no row: an override of a line that nobody claims
INSERT INTO registration_history (
    registration, position, stream, version, program, event, line, recorded_at, effective_at, actor_role, actor_subject, actor_partner,
    on_behalf_of, request, clause, reason, source, cause, data
)
SELECT DISTINCT ON (c.registration) c.registration, %(_position)s::bigint, %(_stream)s::uuid, %(_version)s::bigint, %(_program)s, %(_event)s,
    %(_data)s::jsonb ->> 'line', %(_recorded_at)s::timestamptz, %(_effective_at)s::timestamptz, %(_actor_role)s, %(_actor_subject)s,
    %(_actor_partner)s, %(_on_behalf_of)s, %(_request)s, %(_clause)s, %(_reason)s, %(_source)s::jsonb, %(_cause)s, %(_data)s::jsonb
FROM claims AS c
WHERE c.customer = %(customer)s AND c.line = coalesce(%(_data)s::jsonb ->> 'line', c.line)
    AND c.registration = coalesce((%(_data)s::jsonb ->> 'registration')::uuid, c.registration)
ORDER BY c.registration
