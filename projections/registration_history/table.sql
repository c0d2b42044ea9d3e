-- Every fact of a registration in the order recorded: its own, those of its lines in the customer file, and its conflicts'.
CREATE TABLE registration_history (
    registration  uuid        NOT NULL,
    position      bigint      NOT NULL,
    stream        uuid        NOT NULL,
    version       bigint      NOT NULL,
    program       text        NOT NULL,
    event         text        NOT NULL,
    line          text,
    recorded_at   timestamptz NOT NULL,
    effective_at  timestamptz NOT NULL,
    actor_role    text        NOT NULL,
    actor_subject text        NOT NULL,
    actor_partner text,
    on_behalf_of  text,
    request       text,
    clause        text,
    reason        text,
    source        jsonb,
    cause         text,
    data          jsonb       NOT NULL,
    PRIMARY KEY (registration, position)
);

-- Which registrations a fact without one concerns. Nobody reads these two.
CREATE TABLE claims (
    customer     uuid NOT NULL,
    line         text NOT NULL,
    registration uuid NOT NULL,
    PRIMARY KEY (customer, line, registration)
);

CREATE TABLE parties (
    conflict     uuid NOT NULL,
    registration uuid NOT NULL,
    PRIMARY KEY (conflict, registration)
);
