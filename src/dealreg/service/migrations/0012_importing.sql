-- How far an import has come, and which rows could not be taken over. Nothing here decides anything that the ledger does not know.

CREATE TABLE intake.imports (
    program text        NOT NULL,
    system  text        NOT NULL,
    file    text        NOT NULL,
    digest  text        NOT NULL,
    done    bigint      NOT NULL,
    counts  jsonb       NOT NULL DEFAULT '{}',
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (program, system, file)
);

COMMENT ON TABLE intake.imports IS 'One row a file: up to which row it was taken over, and what became of the rows';
COMMENT ON COLUMN intake.imports.digest IS 'SHA-256 of the file and of the form by which it is read: another file begins at its top';

CREATE TABLE intake.imports_refused (
    program text        NOT NULL,
    system  text        NOT NULL,
    file    text        NOT NULL,
    record  text        NOT NULL,
    number  bigint      NOT NULL,
    field   text        NOT NULL,
    words   text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (program, system, file, record)
);

COMMENT ON TABLE intake.imports_refused IS 'Records that could not be taken over, with the row (the file keeps its bytes) and the reason; gone once they were';

GRANT SELECT, INSERT, UPDATE, DELETE ON intake.imports, intake.imports_refused TO dealreg_app;
GRANT SELECT ON intake.imports, intake.imports_refused TO dealreg_auditor;
