-- One row for each manager and each piece of a leg's protection, in two times: it was so from `valid_from` up to `valid_to`, and that was known from
-- `known_from` up to `known_to`. A fact closes what was known of the time from its own instant on, and says it anew; nothing is changed or removed.
CREATE TABLE protection_intervals (
    registration   uuid        NOT NULL,
    line           text        NOT NULL,
    tier           text        NOT NULL,
    partner        text        NOT NULL,
    reader         uuid        NOT NULL,
    valid_from     timestamptz NOT NULL,
    valid_to       timestamptz NOT NULL,
    known_from     timestamptz NOT NULL,
    known_to       timestamptz NOT NULL,
    position       bigint      NOT NULL,
    until_position bigint,
    span           smallint    NOT NULL,
    program        text        NOT NULL,
    customer       uuid        NOT NULL,
    customer_name  text,
    filed_by       text        NOT NULL,
    territory      text        NOT NULL,
    sites          jsonb       NOT NULL,
    regions        uuid[]      NOT NULL,
    state          text        NOT NULL,
    window_from    timestamptz,
    window_to      timestamptz,
    fact           text        NOT NULL,
    event          text        NOT NULL,
    clause         text,
    PRIMARY KEY (registration, line, tier, partner, reader, position, valid_from)
) WITH (fillfactor = 80);

-- `span` is how long a piece is, in powers of two of a day (15: without end): of each length only those that begin near enough are looked at, so that
-- a question about an instant reads little more than its answer, however long the history is.
CREATE INDEX protection_intervals_at ON protection_intervals (reader, span, valid_from);

-- How each leg stands as of the newest fact, and what a piece is made of. Nobody reads these three.
CREATE TABLE legs (
    registration uuid    NOT NULL,
    line         text    NOT NULL,
    tier         text    NOT NULL,
    partner      text    NOT NULL,
    state        text    NOT NULL,
    window_from  timestamptz,
    window_to    timestamptz,
    hard_stop_at timestamptz,
    ends_at      timestamptz,
    stopped      boolean NOT NULL,
    PRIMARY KEY (registration, line, tier, partner)
) WITH (fillfactor = 80);

CREATE TABLE claims (
    registration uuid   NOT NULL,
    line         text   NOT NULL,
    program      text   NOT NULL,
    customer     uuid   NOT NULL,
    filed_by     text   NOT NULL,
    territory    text   NOT NULL,
    sites        jsonb  NOT NULL,
    managers     uuid[] NOT NULL,
    PRIMARY KEY (registration, line)
);

CREATE TABLE registrations (
    registration  uuid NOT NULL PRIMARY KEY,
    customer_name text
);
