-- The alternative, as a team that knows PostgreSQL would write it: one table, a constraint that lets one claim block an account's
-- line at a time, and an audit trail by trigger.
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE SCHEMA crud;

CREATE TABLE crud.deal_registration (
    id             uuid        NOT NULL PRIMARY KEY,
    program        text        NOT NULL,
    account_id     bigint      NOT NULL,
    product_line   text        NOT NULL,
    territory      text        NOT NULL,
    dealer_id      text        NOT NULL,
    distributor_id text        NOT NULL,
    status         text        NOT NULL CHECK (status IN ('protected', 'queued', 'declined', 'expired')),
    excl_window    tstzrange   NOT NULL,
    value_eur      numeric     NOT NULL,
    close_on       date,
    submitted_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    payload        jsonb       NOT NULL,
    CONSTRAINT one_holder EXCLUDE USING gist (account_id WITH =, product_line WITH =, excl_window WITH &&)
        WHERE (status = 'protected')
);

CREATE INDEX registration_of_partner ON crud.deal_registration (dealer_id, submitted_at);
CREATE INDEX registration_of_network ON crud.deal_registration (distributor_id, submitted_at) WHERE status IN ('protected', 'queued');
CREATE INDEX registration_waiting ON crud.deal_registration (account_id, product_line, submitted_at) WHERE status = 'queued';
CREATE INDEX registration_expiring ON crud.deal_registration (upper(excl_window)) WHERE status = 'protected';

-- Who asked, and with which request, is part of the row's payload.
CREATE TABLE crud.audit (
    n       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    op      text        NOT NULL,
    row_id  uuid        NOT NULL,
    old     jsonb,
    new     jsonb
);
CREATE INDEX audit_of_row ON crud.audit (row_id, n);

CREATE FUNCTION crud.write_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO crud.audit (op, row_id, old, new)
    VALUES (TG_OP, coalesce(NEW.id, OLD.id), CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
            CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    RETURN NULL;
END
$$;

CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON crud.deal_registration
FOR EACH ROW EXECUTE FUNCTION crud.write_audit();

-- The floor: rows of the same bytes into a table that nobody guards.
CREATE TABLE crud.raw (
    n       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream  uuid   NOT NULL,
    version bigint NOT NULL,
    topic   text   NOT NULL,
    state   bytea  NOT NULL
);
