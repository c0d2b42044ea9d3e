-- One row for each manager who reads a conflict, and the conflict.
CREATE TABLE conflict_queue (
    reader        uuid        NOT NULL,
    conflict      uuid        NOT NULL,
    program       text        NOT NULL,
    customer      uuid        NOT NULL,
    customer_name text,
    line          text        NOT NULL,
    territory     text        NOT NULL,
    sites         jsonb       NOT NULL,
    kind          text        NOT NULL,
    clause        text        NOT NULL,
    state         text        NOT NULL,
    incumbent     jsonb       NOT NULL,
    challengers   jsonb       NOT NULL,
    left_parties  jsonb       NOT NULL DEFAULT '[]',
    ground        text        NOT NULL,
    proposal      jsonb,
    ruling        jsonb,
    evidence      jsonb       NOT NULL DEFAULT '[]',
    suggestions   jsonb       NOT NULL DEFAULT '[]',
    appeals       jsonb       NOT NULL DEFAULT '[]',
    referred_to   text,
    escalated_to  text,
    times_overdue integer     NOT NULL DEFAULT 0,
    detected_at   timestamptz NOT NULL,
    evidence_to   timestamptz,
    ruling_to     timestamptz NOT NULL,
    appeal_to     timestamptz,
    stay_to       timestamptz,
    closed_at     timestamptz,
    closed_reason text,
    PRIMARY KEY (reader, conflict)
) WITH (fillfactor = 80);

CREATE INDEX conflict_queue_of_conflict ON conflict_queue (conflict);
CREATE INDEX conflict_queue_open ON conflict_queue (reader, ruling_to, conflict) WHERE state IN ('detected', 'proposed', 'appealed');
CREATE INDEX conflict_queue_newest ON conflict_queue (reader, detected_at, conflict);
CREATE INDEX conflict_queue_of_customer ON conflict_queue (reader, customer, detected_at, conflict);

-- How many conflicts of each kind stand in each state: kept, never counted.
CREATE TABLE conflict_counts (
    reader uuid   NOT NULL,
    kind   text   NOT NULL,
    state  text   NOT NULL,
    n      bigint NOT NULL,
    PRIMARY KEY (reader, kind, state)
) WITH (fillfactor = 80);

-- What registrations call their customer. Nobody reads it: names are copied into the rows of those who may.
CREATE TABLE customers (
    customer uuid NOT NULL PRIMARY KEY,
    name     text NOT NULL
);
