-- What the frozen schemas are, a line a thing: its name, and what is so about it. Asked by `dealreg audit verify` and by the event
-- triggers, so that both mean the same. Nothing here differs between the versions of PostgreSQL from 15 on.
WITH frozen AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_namespace AS n WHERE n.nspname IN ('ledger', 'seal', 'personal', 'guard')
), relations AS (
    SELECT c.*, format('%I.%I', f.nspname, c.relname) AS called FROM pg_class AS c JOIN frozen AS f ON f.oid = c.relnamespace
    WHERE c.relkind <> 't'
), functions AS (
    SELECT p.*, format('%I.%I(%s)', f.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS called
    FROM pg_proc AS p JOIN frozen AS f ON f.oid = p.pronamespace
), granted AS (
    SELECT format('schema %I', nspname) AS thing, nspowner AS owner, coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM frozen
    UNION ALL
    SELECT 'table ' || called, relowner, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
    FROM relations WHERE relkind <> 'i'
    UNION ALL
    SELECT format('column %s.%I', r.called, a.attname), r.relowner, a.attacl
    FROM pg_attribute AS a JOIN relations AS r ON r.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT 'function ' || called, proowner, coalesce(proacl, acldefault('f', proowner)) FROM functions
    UNION ALL
    SELECT format('default for %s in %I', d.defaclobjtype, f.nspname), d.defaclrole, d.defaclacl
    FROM pg_default_acl AS d JOIN frozen AS f ON f.oid = d.defaclnamespace
), roles AS (
    -- Which superuser it is differs from server to server.
    SELECT oid, CASE WHEN rolsuper THEN 'a superuser' ELSE format('%I', rolname) END AS called FROM pg_roles
), lines AS (
    SELECT format('schema %I', nspname) AS name, 'owner ' || owner.called AS value
    FROM frozen JOIN roles AS owner ON owner.oid = nspowner
    UNION ALL
    SELECT 'table ' || called, format('kind %s, persistence %s, row security %s %s, replica identity %s, options %s, parent %s',
        relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, coalesce(reloptions::text, '-'),
        coalesce((SELECT string_agg(i.inhparent::regclass::text, ' ') FROM pg_inherits AS i WHERE i.inhrelid = relations.oid), '-'))
    FROM relations WHERE relkind <> 'i'
    UNION ALL
    SELECT 'owner of ' || r.called, owner.called FROM relations AS r JOIN roles AS owner ON owner.oid = r.relowner
    UNION ALL
    SELECT format('child %s of %s', i.inhrelid::regclass, r.called), 'inherits' FROM pg_inherits AS i JOIN relations AS r ON r.oid = i.inhparent
    UNION ALL
    SELECT format('column %s.%I', r.called, a.attname), concat_ws(', ', format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'not null' END, 'default ' || pg_get_expr(d.adbin, d.adrelid),
        'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''), 'options ' || a.attoptions::text,
        (SELECT 'collation ' || quote_ident(l.collname) FROM pg_collation AS l WHERE l.oid = a.attcollation AND l.collname <> 'default'))
    FROM pg_attribute AS a JOIN relations AS r ON r.oid = a.attrelid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND r.relkind NOT IN ('i', 'S')
    UNION ALL
    SELECT 'index ' || r.called, pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' (not valid)' END
    FROM pg_index AS i JOIN relations AS r ON r.oid = i.indexrelid
    UNION ALL
    -- NOT NULL is said of the column; since 18 it is a constraint with a name besides.
    SELECT format('constraint %I on %s', c.conname, c.conrelid::regclass),
        pg_get_constraintdef(c.oid) || CASE WHEN c.convalidated THEN '' ELSE ' (not valid)' END
    FROM pg_constraint AS c
    WHERE c.contype <> 'n' AND (c.conrelid IN (SELECT oid FROM relations) OR c.confrelid IN (SELECT oid FROM relations))
    UNION ALL
    SELECT format('trigger %I on %s', t.tgname, r.called), concat('enabled ', t.tgenabled, ', ', pg_get_triggerdef(t.oid))
    FROM pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
    UNION ALL
    SELECT format('constraint %I checked on %s by %s', c.conname, r.called, t.tgfoid::regproc), concat('enabled ', t.tgenabled)
    FROM pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid JOIN pg_constraint AS c ON c.oid = t.tgconstraint WHERE t.tgisinternal
    UNION ALL
    SELECT format('rule %I on %s', w.rulename, r.called), concat('enabled ', w.ev_enabled, ', ', pg_get_ruledef(w.oid))
    FROM pg_rewrite AS w JOIN relations AS r ON r.oid = w.ev_class
    UNION ALL
    SELECT format('policy %I on %s', p.polname, r.called),
        concat_ws(', ', p.polcmd, p.polpermissive, p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM pg_policy AS p JOIN relations AS r ON r.oid = p.polrelid
    UNION ALL
    SELECT 'function ' || f.called, format('owner %s, definer %s, sha256 %s', owner.called, f.prosecdef,
        encode(sha256(convert_to(CASE WHEN f.prokind IN ('f', 'p') THEN pg_get_functiondef(f.oid) ELSE f.prokind::text END, 'UTF8')), 'hex'))
    FROM functions AS f JOIN roles AS owner ON owner.oid = f.proowner
    UNION ALL
    SELECT format('type %I.%I', f.nspname, t.typname), t.typtype::text
    FROM pg_type AS t JOIN frozen AS f ON f.oid = t.typnamespace WHERE t.typtype IN ('d', 'e', 'r')
    UNION ALL
    SELECT format('grant on %s to %s', g.thing, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE grantee.called END),
        string_agg(a.privilege_type || CASE WHEN a.is_grantable THEN ' (may be passed on)' ELSE '' END, ', ' ORDER BY a.privilege_type)
    FROM granted AS g CROSS JOIN LATERAL aclexplode(g.acl) AS a LEFT JOIN roles AS grantee ON grantee.oid = a.grantee
    -- What an owner has from 17 on whether it is said or not.
    WHERE NOT (a.privilege_type = 'MAINTAIN' AND a.grantee = g.owner)
    GROUP BY g.thing, a.grantee, grantee.called
    UNION ALL
    SELECT format('publication %I', p.pubname), format('owner %s, insert %s, update %s, delete %s, truncate %s, all tables %s, of a root %s',
        owner.called, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.puballtables, p.pubviaroot)
    FROM pg_publication AS p JOIN roles AS owner ON owner.oid = p.pubowner WHERE p.pubname = 'dealreg_watched'
    UNION ALL
    SELECT format('publication %I of %s', p.pubname, l.prrelid::regclass),
        concat_ws(', ', 'all of it', 'only where ' || pg_get_expr(l.prqual, l.prrelid), 'only columns ' || l.prattrs::text)
    FROM pg_publication_rel AS l JOIN pg_publication AS p ON p.oid = l.prpubid WHERE p.pubname = 'dealreg_watched'
)
SELECT name, value FROM lines
