-- Run by a superuser in the installation's database, after its migrations; running it again changes nothing. From then on the schemas
-- ledger, seal, personal and guard change by a migration only, which records itself in the same transaction (docs/enforcement.md).

DROP EVENT TRIGGER IF EXISTS dealreg_begins;
DROP EVENT TRIGGER IF EXISTS dealreg_ends;

CREATE SCHEMA IF NOT EXISTS guard;
REVOKE ALL ON SCHEMA guard FROM PUBLIC;

CREATE OR REPLACE FUNCTION guard.catalogue() RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp SET jit = off AS $catalogue$
SELECT md5(string_agg(name || E'\n' || value, E'\n' ORDER BY (name || E'\n' || value) COLLATE "C")) FROM (
{catalogue}
) AS every
$catalogue$;

-- How the catalogue was when a statement of a session began, and one inside it. A setting would do if the session could not write it.
CREATE TABLE IF NOT EXISTS guard.before (pid int NOT NULL, depth int NOT NULL, catalogue text NOT NULL, PRIMARY KEY (pid, depth));

CREATE OR REPLACE FUNCTION guard.begins() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO guard.before
    SELECT pg_backend_pid(), coalesce(max(b.depth), 0) + 1, guard.catalogue() FROM guard.before AS b WHERE b.pid = pg_backend_pid();
END
$$;

-- A statement that names nothing of ours may still change it: GRANT does not say of what, a child table elsewhere adds rows to its
-- parent. So what is compared is how everything was and how it is. A statement inside another answers for itself, and the outer for all.
CREATE OR REPLACE FUNCTION guard.ends() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was text;
BEGIN
    DELETE FROM guard.before AS b WHERE b.pid = pg_backend_pid()
        AND b.depth = (SELECT max(o.depth) FROM guard.before AS o WHERE o.pid = pg_backend_pid())
    RETURNING b.catalogue INTO was;
    IF was IS DISTINCT FROM guard.catalogue() THEN
        IF to_regclass('ledger.events') IS NULL THEN
            RAISE '% is refused: the ledger is not dropped', TG_TAG USING ERRCODE = '42501';
        END IF;
        IF NOT EXISTS (
            SELECT FROM ledger.events AS e WHERE e.topic = 'audit.migrated.v1' AND e.xmin = pg_current_xact_id()::xid
        ) THEN
            RAISE '% is refused: ledger, seal, personal and guard change by a migration only', TG_TAG
                USING ERRCODE = '42501', HINT = 'a migration of dealreg records itself before its steps: dealreg migrate';
        END IF;
    END IF;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA guard FROM PUBLIC;

CREATE EVENT TRIGGER dealreg_begins ON ddl_command_start EXECUTE FUNCTION guard.begins();
CREATE EVENT TRIGGER dealreg_ends ON ddl_command_end EXECUTE FUNCTION guard.ends();
ALTER EVENT TRIGGER dealreg_begins ENABLE ALWAYS;
ALTER EVENT TRIGGER dealreg_ends ENABLE ALWAYS;
