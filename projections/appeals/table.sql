-- One row for each manager who reads an appeal, and the appeal.
CREATE TABLE appeals (
    reader        uuid        NOT NULL,
    registration  uuid        NOT NULL,
    line          text        NOT NULL,
    appealed_at   timestamptz NOT NULL,
    program       text        NOT NULL,
    customer      uuid        NOT NULL,
    against       text        NOT NULL,
    state         text        NOT NULL,
    appealed_by   text        NOT NULL,
    decided_by    text        NOT NULL,
    reason        text        NOT NULL,
    ruling_to     timestamptz NOT NULL,
    escalated_to  text,
    times_overdue integer     NOT NULL DEFAULT 0,
    ruled_by      text,
    ruled_because text,
    ruled_at      timestamptz,
    PRIMARY KEY (reader, registration, line, appealed_at)
) WITH (fillfactor = 80);

CREATE INDEX appeals_of_claim ON appeals (registration, line);
CREATE INDEX appeals_waiting ON appeals (reader, ruling_to, registration, line, appealed_at) WHERE state = 'waits';
CREATE INDEX appeals_newest ON appeals (reader, appealed_at, registration, line);
