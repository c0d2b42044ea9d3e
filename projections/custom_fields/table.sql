-- One row for each field that a CRM has of its own on one kind of record. `changes` counts what happened to it.
CREATE TABLE custom_fields (
    reader      uuid        NOT NULL,
    program     text        NOT NULL,
    source      text        NOT NULL,
    entity      text        NOT NULL,
    name        text        NOT NULL,
    type        text        NOT NULL,
    learned     text        NOT NULL,
    by_mapping  text,
    by_desk     text,
    personal    boolean     NOT NULL,
    shown_to    jsonb       NOT NULL,
    type_since  timestamptz NOT NULL,
    learned_at  timestamptz NOT NULL,
    misread     jsonb       NOT NULL,
    misread_at  timestamptz,
    changes     integer     NOT NULL,
    PRIMARY KEY (reader, source, entity, name)
) WITH (fillfactor = 80);

CREATE INDEX custom_fields_of_source ON custom_fields (program, source, entity, name);

-- What happened to a field, in order.
CREATE TABLE changes (
    reader  uuid        NOT NULL,
    source  text        NOT NULL,
    entity  text        NOT NULL,
    name    text        NOT NULL,
    n       integer     NOT NULL,
    what    text        NOT NULL,
    before  text,
    after   text,
    because text,
    record  text,
    role    text        NOT NULL,
    actor   text        NOT NULL,
    reason  text,
    at      timestamptz NOT NULL,
    PRIMARY KEY (reader, source, entity, name, n)
);

-- Of how many records each field has a value, by name: one row a source, for a message changes the numbers of many fields at once.
CREATE TABLE carried (
    reader  uuid  NOT NULL,
    program text  NOT NULL,
    source  text  NOT NULL,
    entity  text  NOT NULL,
    counts  jsonb NOT NULL,
    PRIMARY KEY (reader, source, entity)
) WITH (fillfactor = 50);

CREATE INDEX carried_of_source ON carried (source, entity, program);

-- Sources of which more fields came than are mirrored.
CREATE TABLE full_sources (
    reader uuid        NOT NULL,
    source text        NOT NULL,
    entity text        NOT NULL,
    name   text        NOT NULL,
    most   integer     NOT NULL,
    at     timestamptz NOT NULL,
    PRIMARY KEY (reader, source, entity)
);

-- Which fields of its own each record has a value of. Nobody reads it: it keeps the counts right.
CREATE TABLE carriers (
    record  uuid   NOT NULL PRIMARY KEY,
    program text   NOT NULL,
    source  text   NOT NULL,
    entity  text   NOT NULL,
    names   text[] NOT NULL
);
