-- The sources of which more fields came than are mirrored.
SELECT source, entity, name, most, at FROM full_sources ORDER BY source, entity
