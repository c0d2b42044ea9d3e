-- What the doors and the followers keep for themselves. Nothing here decides anything that the ledger does not know.

CREATE SCHEMA intake;

CREATE TABLE intake.dead_letters (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream      text        NOT NULL,
    sequence    bigint      NOT NULL,
    subject     text        NOT NULL,
    source      text,
    bytes       bytea       NOT NULL,
    headers     jsonb       NOT NULL DEFAULT '{}',
    reason      text        NOT NULL,
    detail      jsonb       NOT NULL DEFAULT '{}',
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts    integer     NOT NULL DEFAULT 1,
    replayed_at timestamptz,
    resolved_at timestamptz,
    resolution  text,
    UNIQUE (stream, sequence)
);

COMMENT ON TABLE intake.dead_letters IS 'Messages that could not be decided, with their bytes and the reason; kept 90 days';

CREATE INDEX dead_letters_open ON intake.dead_letters (id) WHERE resolved_at IS NULL;

-- A row a running process of a role: readiness asks how long ago it was heard of.
CREATE TABLE intake.heartbeats (
    role     text        NOT NULL,
    instance text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    detail   jsonb       NOT NULL DEFAULT '{}',
    PRIMARY KEY (role, instance)
);

-- The broker instant up to which all messages of a source are decided: nothing fed by the source falls due beyond it.
CREATE TABLE intake.watermarks (
    source   text        NOT NULL PRIMARY KEY,
    until    timestamptz NOT NULL,
    stream   text        NOT NULL,
    sequence bigint      NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- How far a follower of the ledger (policies, outbox) has come.
CREATE TABLE intake.positions (
    follower text        NOT NULL PRIMARY KEY,
    position bigint      NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT USAGE ON SCHEMA intake TO dealreg_app, dealreg_projector, dealreg_auditor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA intake TO dealreg_app;
GRANT SELECT ON ALL TABLES IN SCHEMA intake TO dealreg_projector, dealreg_auditor;
