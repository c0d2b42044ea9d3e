-- What happened to one field, in order.
SELECT source, entity, name, n, what, before, after, because, record, role, actor, reason, at
FROM changes WHERE source = %(source)s AND entity = %(entity)s AND name = %(name)s ORDER BY n
