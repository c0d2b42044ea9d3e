-- What is recorded is not changed, whoever asks. Grants say so to every role; these triggers say so to the owner too, and to a session
-- that replays as a replica does. A superuser can still take them away: for that there are the seal and the watcher.

CREATE FUNCTION ledger.keep() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE '% of %.% is refused: what is recorded is not changed', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = '42501', HINT = 'record a fact that corrects it';
END
$$;

-- A fact enters through ledger.enter, which gives it its position and its instant, or not at all: not even as the owner. What nobody
-- can make up is the call stack: right above this function stands the very statement of ledger.enter, and above that its frame. A
-- name holds at most 63 bytes, so none can look like that frame. Asked once a save, whatever the number of its facts: by one
-- comparison where the server speaks English, otherwise line by line. It sets no search_path, which would double what it costs:
-- everything is named with its schema.
CREATE FUNCTION ledger.only_by_the_door() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stack text;
BEGIN
    GET DIAGNOSTICS stack = PG_CONTEXT;
    IF pg_catalog.starts_with(stack, E'PL/pgSQL function ledger.only_by_the_door() line 5 at GET DIAGNOSTICS
SQL statement "INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
    SELECT before + row_number() OVER (ORDER BY u.n), u.id, u.v, u.topic, u.state, at,
           coalesce(nullif(current_setting(\'role\'), \'none\'), session_user)
    FROM unnest(cmds, ids, versions, topics, states) WITH ORDINALITY AS u (c, id, v, topic, state, n)
    WHERE u.c <> ALL (late)
    ORDER BY u.n"
PL/pgSQL function ledger.enter(integer[],uuid[],bigint[],text[],bytea[],integer[],uuid[],bigint[]) line ') THEN
        RETURN NULL;
    ELSIF ledger.by_the_door(stack) THEN
        RETURN NULL;
    END IF;
    RAISE 'INSERT into %.% is refused: a fact enters through ledger.append', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = '42501';
END
$$;

CREATE FUNCTION ledger.by_the_door(stack text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    door constant text := E'INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
    SELECT before + row_number() OVER (ORDER BY u.n), u.id, u.v, u.topic, u.state, at,
           coalesce(nullif(current_setting(\'role\'), \'none\'), session_user)
    FROM unnest(cmds, ids, versions, topics, states) WITH ORDINALITY AS u (c, id, v, topic, state, n)
    WHERE u.c <> ALL (late)
    ORDER BY u.n';
    frame constant text := ' ledger.enter(integer[],uuid[],bigint[],text[],bytea[],integer[],uuid[],bigint[]) ';
    found constant int := strpos(stack, door);
    before constant text := left(stack, found - 1);
    after constant text := substr(stack, found + length(door));
BEGIN
    -- Before it, the trigger's own line and the words for a statement; after it a closing quote of whatever language and nothing that
    -- could begin a comment, then the frame on a line of its own.
    RETURN found > 0 AND length(before) - length(replace(before, E'\n', '')) = 1
        AND split_part(after, E'\n', 1) ~ '^[[:space:]\u00a0\u202f]?["»«”“’」]$' AND strpos(split_part(after, E'\n', 2), frame) > 0;
END
$$;

REVOKE ALL ON FUNCTION ledger.keep, ledger.only_by_the_door, ledger.by_the_door FROM PUBLIC;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['ledger.events', 'seal.checkpoints', 'seal.tiles', 'seal.cosignatures', 'seal.tokens'] LOOP
        EXECUTE format('CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION ledger.keep()', kept);
        EXECUTE format('CREATE TRIGGER kept_whole BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION ledger.keep()', kept);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER kept, ENABLE ALWAYS TRIGGER kept_whole', kept);
    END LOOP;
END
$$;

CREATE TRIGGER only_by_the_door BEFORE INSERT ON ledger.events
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.only_by_the_door();
ALTER TABLE ledger.events ENABLE ALWAYS TRIGGER only_by_the_door;

-- Both stand in the text of the leaf, a line each: neither may hold an end of line.
ALTER TABLE ledger.events
    ADD CHECK (topic !~ '[[:cntrl:]]'),
    ADD CHECK (recorded_by !~ '[[:cntrl:]]');

-- What the watcher hears of, as the server itself writes it down for its replicas, whatever triggers say (docs/enforcement.md).
CREATE PUBLICATION dealreg_watched
    FOR TABLE ledger.events, seal.checkpoints, seal.tiles, seal.cosignatures, seal.tokens, seal.standing, personal.held;

GRANT USAGE ON SCHEMA intake TO dealreg_watcher;
GRANT SELECT, INSERT, UPDATE ON intake.heartbeats TO dealreg_watcher;
