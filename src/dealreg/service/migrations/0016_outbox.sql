-- Facts out of the house: how far each audience was told, what partners are told next, and what is written back into the CRM. Nothing here
-- is evidence; all of it follows from the ledger.

CREATE SCHEMA outbox;

CREATE TABLE outbox.positions (
    audience text        NOT NULL PRIMARY KEY,
    position bigint      NOT NULL DEFAULT 0,
    number   bigint      NOT NULL DEFAULT 0,
    done_at  timestamptz,
    tried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    trouble  text
);

COMMENT ON TABLE outbox.positions IS 'The position up to which the taker has acknowledged everything, and how many messages that were';

-- Partners with a stream of their own; `number` is how many messages it has been given, the partner's only sequence. A row that ended stays,
-- so that a stream that is opened again goes on counting.
CREATE TABLE outbox.subscribers (
    reader  uuid        NOT NULL PRIMARY KEY,
    program text        NOT NULL,
    partner text        NOT NULL,
    number  bigint      NOT NULL DEFAULT 0,
    begun   boolean     NOT NULL DEFAULT false,
    since   timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    trouble text,
    UNIQUE (program, partner)
);

CREATE TABLE outbox.waiting (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reader      uuid        NOT NULL REFERENCES outbox.subscribers ON DELETE CASCADE,
    number      bigint,
    position    bigint      NOT NULL,
    model       text        NOT NULL,
    gone        boolean     NOT NULL,
    shown       jsonb       NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (reader, number)
);
CREATE INDEX waiting_unnumbered ON outbox.waiting (reader) WHERE number IS NULL;

COMMENT ON TABLE outbox.waiting IS 'What a partner''s stream was not given yet; rows go when the broker has them. The position is never told';

-- The outbox keeps a copy of each partner-facing read model, moved fact by fact; this is set on its tables. TG_ARGV: the model, then the
-- columns that no question of the model shows. A change of those alone is no news.
CREATE FUNCTION outbox.tell() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was   jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - TG_ARGV[1:] END;
    stands jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - TG_ARGV[1:] END;
    whose uuid  := CASE WHEN TG_OP = 'DELETE' THEN OLD.reader ELSE NEW.reader END;
BEGIN
    IF was IS DISTINCT FROM stands AND EXISTS (SELECT FROM outbox.subscribers AS s WHERE s.reader = whose AND s.ended_at IS NULL) THEN
        INSERT INTO outbox.waiting (reader, position, model, gone, shown, recorded_at)
        VALUES (whose, current_setting('dealreg.position')::bigint, TG_ARGV[0], stands IS NULL, coalesce(stands, was),
            current_setting('dealreg.recorded_at')::timestamptz);
    END IF;
    RETURN NULL;
END
$$;

-- The copies: which folder of SQL (its digest) each was made of.
CREATE TABLE outbox.copies (
    model  text NOT NULL PRIMARY KEY,
    digest text NOT NULL
);

-- Which registration rides on which opportunity, and which opportunities may have to be told the CRM.
CREATE TABLE outbox.rides (
    registration uuid NOT NULL PRIMARY KEY,
    opportunity  uuid NOT NULL,
    program      text NOT NULL
);
CREATE INDEX rides_of_opportunity ON outbox.rides (opportunity);

CREATE TABLE outbox.writes (
    opportunity uuid        NOT NULL PRIMARY KEY,
    source      text,
    record      text,
    position    bigint      NOT NULL,
    due         boolean     NOT NULL DEFAULT true,
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    written     jsonb,
    written_at  timestamptz,
    tries       integer     NOT NULL DEFAULT 0,
    trouble     text
);

COMMENT ON TABLE outbox.writes IS 'What the CRM was told of each opportunity last, and what stands in the way of telling it more';

CREATE INDEX writes_due ON outbox.writes (due_at) WHERE due;

GRANT USAGE ON SCHEMA outbox TO dealreg_projector, dealreg_app, dealreg_auditor;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA outbox TO dealreg_projector;
GRANT EXECUTE ON FUNCTION outbox.tell() TO dealreg_projector;
GRANT SELECT ON ALL TABLES IN SCHEMA outbox TO dealreg_app, dealreg_auditor;
