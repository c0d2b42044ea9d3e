-- A source feeds a program, and its watermark is an instant of the broker's clock, or of its own where the rulebook lets it lead:
-- one row a program and source, in place of one a source.

DROP TABLE intake.watermarks;

CREATE TABLE intake.watermarks (
    program  text        NOT NULL,
    source   text        NOT NULL,
    until    timestamptz NOT NULL,
    led      boolean     NOT NULL,
    stream   text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (program, source)
);

COMMENT ON TABLE intake.watermarks IS 'The instant up to which all messages of a source are decided: nothing fed by it falls due later';
COMMENT ON COLUMN intake.watermarks.led IS 'Whether the instant is one of the source''s own clock, which leads there, and not of the broker''s';

GRANT SELECT, INSERT, UPDATE, DELETE ON intake.watermarks TO dealreg_app;
GRANT SELECT ON intake.watermarks TO dealreg_projector, dealreg_auditor;
