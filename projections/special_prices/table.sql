-- A partner's special prices: of its own registrations' legs, without who decided.
CREATE TABLE special_prices (
    reader        uuid        NOT NULL,
    special_price uuid        NOT NULL,
    program       text        NOT NULL,
    registration  uuid        NOT NULL,
    line          text        NOT NULL,
    asked_by      text        NOT NULL,
    distributor   text,
    discount      numeric     NOT NULL,
    size_amount   numeric     NOT NULL,
    size_currency text        NOT NULL,
    state         text        NOT NULL,
    reason        text,
    requested_at  timestamptz NOT NULL,
    price_to      timestamptz,
    PRIMARY KEY (reader, special_price)
) WITH (fillfactor = 80);

CREATE INDEX special_prices_of_price ON special_prices (special_price);
CREATE INDEX special_prices_newest ON special_prices (reader, requested_at, special_price);

-- The same for those who decide, with everything that they decide on.
CREATE TABLE special_price_queue (
    reader        uuid        NOT NULL,
    special_price uuid        NOT NULL,
    program       text        NOT NULL,
    registration  uuid        NOT NULL,
    customer      uuid        NOT NULL,
    line          text        NOT NULL,
    asked_by      text        NOT NULL,
    distributor   text,
    discount      numeric     NOT NULL,
    size_amount   numeric     NOT NULL,
    size_currency text        NOT NULL,
    competitor    text,
    state         text        NOT NULL,
    reason        text,
    levels_left   jsonb       NOT NULL,
    decisions     jsonb       NOT NULL DEFAULT '[]',
    requested_at  timestamptz NOT NULL,
    review_to     timestamptz,
    escalated_to  text,
    price_to      timestamptz,
    PRIMARY KEY (reader, special_price)
) WITH (fillfactor = 80);

CREATE INDEX special_price_queue_of_price ON special_price_queue (special_price);
CREATE INDEX special_price_queue_newest ON special_price_queue (reader, requested_at, special_price);
CREATE INDEX special_price_queue_open ON special_price_queue (reader, review_to, special_price) WHERE state = 'requested';
