-- What the role `reread` keeps of its own work (decision 27). Nothing here is a fact: without it everything stale would only be read anew.

CREATE TABLE intake.rereads (
    subject    uuid        NOT NULL PRIMARY KEY,
    source     text        NOT NULL,
    covers     text,
    tries      integer     NOT NULL DEFAULT 0,
    last_error text,
    tried_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_at    timestamptz NOT NULL
);

COMMENT ON TABLE intake.rereads IS 'How often a stale record was read, what stood in the way, and when it is tried again; gone a week after the last try';

-- A round pages through everything of one kind that changed since an instant: after a gap of the feed, or every so often.
CREATE TABLE intake.reread_rounds (
    program    text        NOT NULL,
    source     text        NOT NULL,
    entity     text        NOT NULL,
    purpose    text        NOT NULL CHECK (purpose IN ('gap', 'regular')),
    gaps       uuid[]      NOT NULL DEFAULT '{}',
    since      timestamptz NOT NULL,
    reached    timestamptz,
    records    bigint      NOT NULL DEFAULT 0,
    begun_at   timestamptz NOT NULL,
    ended_at   timestamptz,
    tries      integer     NOT NULL DEFAULT 0,
    last_error text,
    next_at    timestamptz NOT NULL,
    PRIMARY KEY (program, source, entity, purpose)
);

COMMENT ON COLUMN intake.reread_rounds.reached IS 'Up to which of the source''s instants every change has been published; a killed round goes on there';

GRANT SELECT, INSERT, UPDATE, DELETE ON intake.rereads, intake.reread_rounds TO dealreg_app;
GRANT SELECT ON intake.rereads, intake.reread_rounds TO dealreg_projector, dealreg_auditor;
