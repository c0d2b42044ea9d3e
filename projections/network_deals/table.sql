-- One row for each reader, registration, line, tier and partner. `changes` counts the changes of state, so that they have an order of their own.
CREATE TABLE network_deals (
    reader             uuid        NOT NULL,
    registration       uuid        NOT NULL,
    line               text        NOT NULL,
    tier               text        NOT NULL,
    partner            text        NOT NULL,
    program            text        NOT NULL,
    filed_by           text        NOT NULL,
    registration_class text        NOT NULL,
    customer           uuid,
    customer_name      text,
    territory          text        NOT NULL,
    sites              jsonb       NOT NULL,
    value_amount       numeric,
    value_currency     text,
    close_on           date,
    stage              text,
    opportunity        uuid,
    fields             jsonb,
    state              text        NOT NULL,
    since              timestamptz NOT NULL,
    benefit            numeric,
    credit             numeric,
    clause             text,
    shown              text,
    missing            jsonb,
    asked              text,
    answer_by          timestamptz,
    window_from        timestamptz,
    window_to          timestamptz,
    grace_to           timestamptz,
    offer_to           timestamptz,
    extension          text,
    held_to            timestamptz,
    stale_since        timestamptz,
    progress_by        timestamptz,
    submitted_at       timestamptz NOT NULL,
    completed_at       timestamptz,
    changes            integer     NOT NULL,
    PRIMARY KEY (reader, registration, line, tier, partner)
) WITH (fillfactor = 80);

CREATE INDEX network_deals_newest ON network_deals (reader, submitted_at, registration, line, tier, partner);
CREATE INDEX network_deals_of_line ON network_deals (registration, line);
CREATE INDEX network_deals_of_opportunity ON network_deals (opportunity);

-- How each row came to its state.
CREATE TABLE changes (
    reader       uuid        NOT NULL,
    registration uuid        NOT NULL,
    line         text        NOT NULL,
    tier         text        NOT NULL,
    partner      text        NOT NULL,
    n            integer     NOT NULL,
    state        text        NOT NULL,
    clause       text,
    at           timestamptz NOT NULL,
    PRIMARY KEY (reader, registration, line, tier, partner, n)
);

-- What is known before there is a row, or comes again when a row is added. Nobody reads it.
CREATE TABLE registrations (
    registration       uuid        NOT NULL PRIMARY KEY,
    program            text        NOT NULL,
    filed_by           text        NOT NULL,
    registration_class text        NOT NULL,
    customer           uuid,
    customer_name      text,
    value_amount       numeric,
    value_currency     text,
    close_on           date,
    opportunity        uuid,
    submitted_at       timestamptz NOT NULL,
    readers            jsonb       NOT NULL,
    lines              jsonb       NOT NULL
);

-- What the CRM said of its own fields, on opportunities and accounts, and what of that is shown. Nobody reads these three.
CREATE TABLE opportunities (
    opportunity uuid  NOT NULL PRIMARY KEY,
    program     text  NOT NULL,
    source      text  NOT NULL,
    account     text,
    said        jsonb NOT NULL,
    own         jsonb NOT NULL,
    fields      jsonb NOT NULL
);

CREATE INDEX opportunities_of_account ON opportunities (account, source, program) WHERE account IS NOT NULL;

CREATE TABLE accounts (
    program text  NOT NULL,
    source  text  NOT NULL,
    record  text  NOT NULL,
    said    jsonb NOT NULL,
    fields  jsonb NOT NULL,
    PRIMARY KEY (program, source, record)
);

CREATE TABLE custom_types (
    program text    NOT NULL,
    source  text    NOT NULL,
    entity  text    NOT NULL,
    name    text    NOT NULL,
    type    text    NOT NULL,
    shown   boolean NOT NULL,
    PRIMARY KEY (program, source, entity, name)
);
