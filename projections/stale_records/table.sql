-- One row for each record, and for each gap of a feed, of which something is not known.
CREATE TABLE stale_records (
    subject  uuid        NOT NULL PRIMARY KEY,
    program  text        NOT NULL,
    kind     text        NOT NULL,
    entity   text,
    source   text        NOT NULL,
    record   text,
    why      text,
    since    timestamptz NOT NULL,
    covers   text        COLLATE "C",
    message  text        COLLATE "C"
) WITH (fillfactor = 80);

CREATE INDEX stale_records_oldest ON stale_records (since, subject);
CREATE INDEX stale_records_of_source ON stale_records (source, since, subject);
