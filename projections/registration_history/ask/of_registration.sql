-- What happened to a registration, in order, by whom and why; up to an instant of recording, if one is given.
SELECT registration, position, stream, version, program, event, line, recorded_at, effective_at, actor_role, actor_subject, actor_partner,
    on_behalf_of, request, clause, reason, source, cause, data,
    position::text AS cursor
FROM registration_history
WHERE registration = %(registration)s
    AND position > coalesce(%(after)s::bigint, 0)
    AND recorded_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
ORDER BY position
LIMIT coalesce(%(limit)s::integer, 1000)
