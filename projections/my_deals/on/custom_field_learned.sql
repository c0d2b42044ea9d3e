-- A field that was not known. What was said of it before facts had types stays as it is until it is said again.
-- May touch no row: a field of accounts
INSERT INTO custom_types (program, source, name, type, shown)
SELECT %(_program)s, %(source)s, %(name)s, %(type)s, NOT %(personal)s::boolean AND %(shown_to)s::jsonb ? 'dealer'
WHERE %(entity)s::text = 'opportunity'
