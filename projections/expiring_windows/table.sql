-- One row for each manager and each leg whose protection will end by time; ends_at is the end that comes first.
CREATE TABLE expiring_windows (
    reader         uuid        NOT NULL,
    registration   uuid        NOT NULL,
    line           text        NOT NULL,
    tier           text        NOT NULL,
    partner        text        NOT NULL,
    program        text        NOT NULL,
    customer       uuid        NOT NULL,
    customer_name  text,
    territory      text        NOT NULL,
    value_amount   numeric,
    value_currency text,
    stage          text,
    window_from    timestamptz,
    window_to      timestamptz NOT NULL,
    grace_to       timestamptz,
    held_to        timestamptz,
    stale_since    timestamptz,
    hard_stop_at   timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL,
    PRIMARY KEY (reader, registration, line, tier, partner)
);

CREATE INDEX expiring_windows_next ON expiring_windows (reader, ends_at, registration, line, tier, partner);
CREATE INDEX expiring_windows_of_line ON expiring_windows (registration, line);

-- What a row is made of when a leg becomes protected, or is again. Nobody reads these three.
CREATE TABLE claims (
    registration   uuid  NOT NULL,
    line           text  NOT NULL,
    program        text  NOT NULL,
    customer       uuid  NOT NULL,
    territory      text  NOT NULL,
    value_amount   numeric,
    value_currency text,
    managers       jsonb NOT NULL,
    PRIMARY KEY (registration, line)
);

CREATE TABLE registrations (
    registration  uuid NOT NULL PRIMARY KEY,
    customer_name text,
    stage         text
);

CREATE TABLE windows (
    registration uuid        NOT NULL,
    line         text        NOT NULL,
    tier         text        NOT NULL,
    partner      text        NOT NULL,
    window_from  timestamptz NOT NULL,
    PRIMARY KEY (registration, line, tier, partner)
);
