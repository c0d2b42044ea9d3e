INSERT INTO full_sources (reader, source, entity, name, most, at)
VALUES (%(desk)s, %(source)s, %(entity)s, %(name)s, %(most)s, %(_effective_at)s)
