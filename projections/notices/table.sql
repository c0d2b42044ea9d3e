-- One row for each manager who is shown it, and what it is about.
CREATE TABLE notices (
    reader        uuid        NOT NULL,
    kind          text        NOT NULL,
    subject       text        NOT NULL,
    program       text        NOT NULL,
    partner       text        NOT NULL,
    customer      uuid,
    line          text,
    registrations jsonb       NOT NULL,
    amount        numeric,
    currency      text,
    month         text,
    n             integer,
    noted_at      timestamptz NOT NULL,
    PRIMARY KEY (reader, kind, subject)
) WITH (fillfactor = 80);

CREATE INDEX notices_newest ON notices (reader, noted_at, kind, subject);
