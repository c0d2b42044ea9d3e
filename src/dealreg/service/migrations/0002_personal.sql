-- What may have to be forgotten: people's names, addresses, notes, raw payloads. A fact carries the ref and SHA-256 of salt and
-- value; the value lies here, where a row can be deleted and every proof still stands.

CREATE SCHEMA personal;

CREATE TABLE personal.held (
    ref         uuid        NOT NULL PRIMARY KEY,
    subject     text        NOT NULL,
    value       text        NOT NULL,
    salt        bytea       NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON COLUMN personal.held.subject IS 'Whose datum it is: what an erasure asks for';
COMMENT ON COLUMN personal.held.value IS 'The very text that was digested with the salt';

CREATE INDEX held_by_subject ON personal.held (subject);

GRANT USAGE ON SCHEMA personal TO dealreg_app, dealreg_auditor;
GRANT SELECT, INSERT, DELETE ON personal.held TO dealreg_app;

-- Who erases a person also records that it was done, in one transaction; it need not see the values for that.
GRANT SELECT (ref, subject), DELETE ON personal.held TO dealreg_auditor;
