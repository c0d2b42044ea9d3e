-- One row for each reader of a question, and the pair that it is about.
CREATE TABLE identity_review (
    reader            uuid        NOT NULL,
    one               uuid        NOT NULL,
    other             uuid        NOT NULL,
    program           text        NOT NULL,
    ground            text        NOT NULL,
    alike             integer     NOT NULL DEFAULT 0,
    one_name          text,
    one_country       text,
    one_place         text,
    one_street        text,
    one_postcode      text,
    one_identifiers   jsonb       NOT NULL DEFAULT '[]',
    other_name        text,
    other_country     text,
    other_place       text,
    other_street      text,
    other_postcode    text,
    other_identifiers jsonb       NOT NULL DEFAULT '[]',
    score             integer,
    reasons           jsonb       NOT NULL DEFAULT '[]',
    method            text,
    asked_at          timestamptz NOT NULL,
    decide_to         timestamptz,
    overdue           boolean     NOT NULL DEFAULT false,
    state             text        NOT NULL,
    reason            text,
    told_by           text,
    told_at           timestamptz,
    PRIMARY KEY (reader, one, other)
) WITH (fillfactor = 80);

CREATE INDEX identity_review_open ON identity_review (reader, asked_at, one, other) WHERE state = 'open';
CREATE INDEX identity_review_of_one ON identity_review (one);
CREATE INDEX identity_review_of_other ON identity_review (other);

-- What each customer was opened as, and what names it. Nobody reads it: it is copied into the rows of those who may.
CREATE TABLE customers (
    customer    uuid  NOT NULL PRIMARY KEY,
    name        text,
    country     text,
    place       text,
    street      text,
    postcode    text,
    identifiers jsonb NOT NULL
);
