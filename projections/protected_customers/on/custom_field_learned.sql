-- A field that was not known. What was said of it before facts had types stays as it is until it is said again.
INSERT INTO custom_types (program, source, entity, name, type, shown)
SELECT %(_program)s, %(source)s, %(entity)s, %(name)s, %(type)s, true
