INSERT INTO claims (registration, line, source) VALUES (%(registration)s, %(line)s, %(source)s)
ON CONFLICT (registration, line) DO UPDATE SET source = excluded.source
