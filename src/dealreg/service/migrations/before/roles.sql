-- Run by the migrating login itself, before everything else and every time: what it makes belongs to the whole server, so another
-- database's run may be making it at the same moment. The roles cannot log in; DATABASE_URL's login becomes one of them.
DO $$
DECLARE
    wanted text;
    -- Since 16 a role's maker administers it without being able to become it.
    become constant text := CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['dealreg_owner', 'dealreg_app', 'dealreg_reader', 'dealreg_projector', 'dealreg_auditor',
        'dealreg_sealer', 'dealreg_watcher'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        IF NOT pg_catalog.pg_has_role(session_user, wanted, 'USAGE') THEN
            EXECUTE pg_catalog.format('GRANT %I TO %I', wanted, session_user);
        END IF;
    END LOOP;
    IF NOT pg_catalog.has_database_privilege('dealreg_owner', pg_catalog.current_database(), 'CREATE') THEN
        EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO dealreg_owner', pg_catalog.current_database());
    END IF;
    CREATE SCHEMA IF NOT EXISTS migrations AUTHORIZATION dealreg_owner;
END
$$;
