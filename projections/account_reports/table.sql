-- One row for each reader, report and line; an empty line stands for all of them.
CREATE TABLE account_reports (
    reader          uuid        NOT NULL,
    subject         text        NOT NULL,
    line            text        NOT NULL,
    kind            text        NOT NULL,
    report          uuid,
    program         text        NOT NULL,
    customer        uuid        NOT NULL,
    territory       text,
    sites           jsonb,
    dealer          text,
    distributor     text,
    partner         text,
    day             date,
    reference       text,
    registration    uuid,
    past            jsonb,
    purchaser       uuid,
    design_customer uuid,
    reason          text,
    active_at       timestamptz,
    effective_at    timestamptz,
    told_at         timestamptz NOT NULL,
    told_by         text        NOT NULL,
    over_at         timestamptz,
    PRIMARY KEY (reader, subject, line)
) WITH (fillfactor = 80);

CREATE INDEX account_reports_newest ON account_reports (reader, told_at, subject, line);
CREATE INDEX account_reports_of_report ON account_reports (report);
