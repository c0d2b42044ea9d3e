-- What the roles are, a line a thing, as in catalogue.sql. REPLICATION of the watcher is a superuser's to give, so it is not said here.
WITH ours AS (
    SELECT * FROM pg_roles WHERE rolname IN ('dealreg_owner', 'dealreg_app', 'dealreg_reader', 'dealreg_projector', 'dealreg_auditor',
        'dealreg_sealer', 'dealreg_watcher')
)
SELECT format('role %I', rolname) AS name,
    format('superuser %s, inherits %s, makes roles %s, makes databases %s, logs in %s, sees past row security %s, replicates %s',
        rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolbypassrls,
        CASE WHEN rolname = 'dealreg_watcher' THEN '-' ELSE rolreplication::text END) AS value
FROM ours
UNION ALL
SELECT format('role %I as %I', o.rolname, g.rolname), 'member' FROM ours AS o
JOIN pg_auth_members AS m ON m.member = o.oid JOIN pg_roles AS g ON g.oid = m.roleid
UNION ALL
SELECT format('setting %s of %s in %s', split_part(said, '=', 1), coalesce(quote_ident(o.rolname), 'everybody'),
    CASE s.setdatabase WHEN 0 THEN 'every database' ELSE 'this database' END), said
FROM pg_db_role_setting AS s LEFT JOIN pg_roles AS o ON o.oid = s.setrole CROSS JOIN unnest(s.setconfig) AS said
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND split_part(said, '=', 1) IN ('session_replication_role', 'event_triggers', 'synchronous_commit', 'row_security', 'search_path',
        'session_preload_libraries', 'local_preload_libraries')
UNION ALL
SELECT format('event trigger %I', t.evtname), format('on %s, enabled %s, %s, tags %s, owner %s', t.evtevent, t.evtenabled, t.evtfoid::regproc,
    coalesce(t.evttags::text, 'all'), CASE WHEN r.rolsuper THEN 'a superuser' ELSE r.rolname END)
FROM pg_event_trigger AS t JOIN pg_roles AS r ON r.oid = t.evtowner WHERE t.evtname IN ('dealreg_begins', 'dealreg_ends')
