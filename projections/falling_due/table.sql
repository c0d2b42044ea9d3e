-- What will fall due if nobody does anything: which stream to bring to due (`aggregate`, `subject`), what for, and when.
CREATE TABLE falling_due (
    aggregate    text        NOT NULL,
    subject      uuid        NOT NULL,
    what         text        NOT NULL,
    registration uuid        NOT NULL,
    line         text        NOT NULL,
    tier         text        NOT NULL,
    partner      text        NOT NULL,
    program      text        NOT NULL,
    source       text,
    due_at       timestamptz NOT NULL,
    PRIMARY KEY (aggregate, subject, what, registration, line, tier, partner)
);

CREATE INDEX falling_due_next ON falling_due (due_at, aggregate, subject);

-- Which feed a claim rides on: nothing of it falls due beyond that feed's watermark (architecture D17).
CREATE TABLE claims (
    registration uuid NOT NULL,
    line         text NOT NULL,
    source       text,
    PRIMARY KEY (registration, line)
);

-- The legs of a claim that have not ended: while one is left, the claim goes on waiting.
CREATE TABLE legs (
    registration uuid NOT NULL,
    line         text NOT NULL,
    tier         text NOT NULL,
    partner      text NOT NULL,
    PRIMARY KEY (registration, line, tier, partner)
);

-- An override takes force on its first day once it has two approvals.
CREATE TABLE overrides (
    override      uuid        NOT NULL PRIMARY KEY,
    override_from timestamptz NOT NULL,
    approvals     integer     NOT NULL
);
