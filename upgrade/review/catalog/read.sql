-- Everything that a review compares, as one JSON text: one statement sees one moment, and a slow line costs one round trip. The keys are
-- those of the Go types. Left out is what belongs to the server or to an extension. Tables are locked as by readers, for a moment, to tell their sizes.
WITH
schemas AS (
    SELECT n.oid, n.nspname AS name, n.nspowner AS owner, n.nspacl AS acl
    FROM pg_catalog.pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e')
),
-- What an extension has made, of each kind.
extension_objects AS (
    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
),
role_names AS (
    SELECT oid, rolname::text AS name FROM pg_catalog.pg_roles
),
-- The server's own objects have smaller numbers; schema public is one of them.
comments AS (
    SELECT classoid, objoid, objsubid, description FROM pg_catalog.pg_description
    WHERE objoid >= 16384 OR classoid = 'pg_catalog.pg_namespace'::regclass
),
-- Rights one by one, those that an object has by default among them.
rights AS (
    SELECT o.classid, o.objid, o.objsubid, json_agg(json_build_object('role', coalesce(r.name, ''), 'privilege', a.privilege_type,
        'option', a.is_grantable) ORDER BY coalesce(r.name, ''), a.privilege_type) AS grants
    FROM (
        SELECT 'pg_catalog.pg_namespace'::regclass AS classid, oid AS objid, 0 AS objsubid, coalesce(acl, acldefault('n', owner)) AS acl FROM schemas
        UNION ALL
        SELECT 'pg_catalog.pg_proc'::regclass, oid, 0, coalesce(proacl, acldefault('f', proowner)) FROM pg_catalog.pg_proc
        WHERE pronamespace IN (SELECT oid FROM schemas)
        UNION ALL
        SELECT 'pg_catalog.pg_class'::regclass, oid, 0,
            coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
        FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM schemas) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL
        SELECT 'pg_catalog.pg_class'::regclass, attrelid, attnum, attacl FROM pg_catalog.pg_attribute
        WHERE attacl IS NOT NULL AND attnum > 0 AND NOT attisdropped
        UNION ALL
        SELECT 'pg_catalog.pg_type'::regclass, oid, 0, coalesce(typacl, acldefault('T', typowner)) FROM pg_catalog.pg_type
        WHERE typnamespace IN (SELECT oid FROM schemas)
        UNION ALL
        SELECT 'pg_catalog.pg_database'::regclass, oid, 0, coalesce(datacl, acldefault('d', datdba)) FROM pg_catalog.pg_database
        WHERE datname = current_database()
    ) AS o
    CROSS JOIN LATERAL aclexplode(o.acl) AS a
    LEFT JOIN role_names r ON r.oid = a.grantee
    GROUP BY o.classid, o.objid, o.objsubid
),
columns AS (
    SELECT a.attrelid, json_agg(json_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
        'default', CASE WHEN a.attgenerated <> '' THEN '' ELSE coalesce(pg_get_expr(d.adbin, d.adrelid), '') END,
        'generated', CASE WHEN a.attgenerated <> '' THEN 'generated as (' || pg_get_expr(d.adbin, d.adrelid) || ')'
            WHEN a.attidentity = 'a' THEN 'identity always' WHEN a.attidentity = 'd' THEN 'identity by default' ELSE '' END,
        'collation', CASE WHEN a.attcollation <> t.typcollation THEN coalesce(l.collname, '') ELSE '' END,
        'storage', CASE WHEN a.attstorage <> t.typstorage
            THEN CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END ELSE '' END,
        'statistics', greatest(coalesce(a.attstattarget, 0), 0),
        'comment', coalesce(c.description, ''), 'grants', g.grants
    ) ORDER BY a.attnum) AS list
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class o ON o.oid = a.attrelid AND o.relkind IN ('r', 'p', 'v', 'm', 'f')
    JOIN schemas s ON s.oid = o.relnamespace
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
    LEFT JOIN comments c ON c.classoid = 'pg_catalog.pg_class'::regclass AND c.objoid = a.attrelid AND c.objsubid = a.attnum
    LEFT JOIN rights g ON g.classid = 'pg_catalog.pg_class'::regclass AND g.objid = a.attrelid AND g.objsubid = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid
)
SELECT json_build_object(
    'server', split_part(current_setting('server_version'), ' ', 1),
    'major', current_setting('server_version_num')::integer / 10000,
    'database', (
        SELECT json_build_object('kind', 'database', 'name', b.datname, 'owner', r.name,
            'comment', coalesce(shobj_description(b.oid, 'pg_database'), ''), 'grants', g.grants, 'settings', (
                SELECT json_agg(CASE WHEN s.setrole <> 0 THEN 'role ' || w.name || ': ' ELSE '' END || o ORDER BY w.name NULLS FIRST, o)
                FROM pg_catalog.pg_db_role_setting s
                LEFT JOIN role_names w ON w.oid = s.setrole
                CROSS JOIN LATERAL unnest(s.setconfig) AS o
                WHERE s.setdatabase = b.oid))
        FROM pg_catalog.pg_database b
        LEFT JOIN role_names r ON r.oid = b.datdba
        LEFT JOIN rights g ON g.classid = 'pg_catalog.pg_database'::regclass AND g.objid = b.oid
        WHERE b.datname = current_database()),
    'extensions', (
        SELECT json_agg(json_build_object('kind', 'extension', 'name', e.extname, 'owner', r.name,
            'comment', coalesce(obj_description(e.oid, 'pg_extension'), ''), 'version', e.extversion, 'within', n.nspname)
            ORDER BY e.extname COLLATE "C")
        FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        LEFT JOIN role_names r ON r.oid = e.extowner),
    'schemas', (
        SELECT json_agg(json_build_object('kind', 'schema', 'name', s.name, 'owner', r.name, 'comment', coalesce(c.description, ''),
            'grants', g.grants) ORDER BY s.name COLLATE "C")
        FROM schemas s
        LEFT JOIN role_names r ON r.oid = s.owner
        LEFT JOIN comments c ON c.classoid = 'pg_catalog.pg_namespace'::regclass AND c.objoid = s.oid
        LEFT JOIN rights g ON g.classid = 'pg_catalog.pg_namespace'::regclass AND g.objid = s.oid),
    'routines', (
        SELECT json_agg(json_build_object(
            'kind', 'routine', 'schema', s.name, 'name', p.proname, 'arguments', oidvectortypes(p.proargtypes), 'owner', r.name,
            'comment', coalesce(c.description, ''), 'grants', g.grants,
            'sort', CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window' ELSE 'function' END,
            'parameters', pg_get_function_arguments(p.oid), 'result', coalesce(pg_get_function_result(p.oid), ''), 'language', l.lanname,
            'volatility', CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
            'parallel', CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END,
            'strict', p.proisstrict, 'leak_proof', p.proleakproof, 'security_definer', p.prosecdef, 'cost', p.procost, 'rows', p.prorows,
            'settings', p.proconfig, 'trigger', p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype), 'body', p.prosrc,
            'definition', CASE WHEN p.prokind = 'a' THEN '' ELSE pg_get_functiondef(p.oid) END
        ) ORDER BY s.name COLLATE "C", p.proname COLLATE "C", oidvectortypes(p.proargtypes) COLLATE "C")
        FROM pg_catalog.pg_proc p
        JOIN schemas s ON s.oid = p.pronamespace
        JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        LEFT JOIN role_names r ON r.oid = p.proowner
        LEFT JOIN comments c ON c.classoid = 'pg_catalog.pg_proc'::regclass AND c.objoid = p.oid
        LEFT JOIN rights g ON g.classid = 'pg_catalog.pg_proc'::regclass AND g.objid = p.oid
        WHERE (('pg_catalog.pg_proc'::regclass)::oid, p.oid) NOT IN (SELECT classid, objid FROM extension_objects)),
    'tables', (
        SELECT json_agg(json_build_object(
            'kind', CASE WHEN t.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END, 'schema', s.name, 'name', t.relname, 'owner', r.name,
            'comment', coalesce(c.description, ''), 'grants', g.grants,
            'sort', CASE t.relkind WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                WHEN 'f' THEN 'foreign table' ELSE 'table' END,
            'options', t.reloptions, 'unlogged', t.relpersistence = 'u', 'row_security', t.relrowsecurity,
            'replica_identity', CASE t.relreplident WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' ELSE '' END,
            'definition', CASE WHEN t.relkind IN ('v', 'm') THEN pg_get_viewdef(t.oid) ELSE '' END,
            'columns', coalesce(a.list, '[]'::json),
            'constraints', (
                SELECT json_agg(json_build_object('name', k.conname, 'sort', CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'
                    WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion' ELSE k.contype::text END,
                    'definition', pg_get_constraintdef(k.oid), 'valid', k.convalidated,
                    'references', coalesce((SELECT n.nspname || '.' || f.relname FROM pg_catalog.pg_class f
                        JOIN pg_catalog.pg_namespace n ON n.oid = f.relnamespace WHERE f.oid = k.confrelid), ''),
                    'comment', coalesce(obj_description(k.oid, 'pg_constraint'), '')) ORDER BY k.conname COLLATE "C")
                FROM pg_catalog.pg_constraint k WHERE k.conrelid = t.oid AND k.contype IN ('p', 'u', 'c', 'f', 'x')),
            'indexes', (
                SELECT json_agg(json_build_object('name', i.relname, 'definition', pg_get_indexdef(x.indexrelid), 'valid', x.indisvalid,
                    'unique', x.indisunique, 'clusters', x.indisclustered, 'identifies', x.indisreplident, 'bytes', pg_relation_size(x.indexrelid),
                    'comment', coalesce(obj_description(i.oid, 'pg_class'), '')) ORDER BY i.relname COLLATE "C")
                FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = t.oid),
            'triggers', (
                SELECT json_agg(json_build_object('name', o.tgname, 'definition', pg_get_triggerdef(o.oid),
                    'enabled', CASE o.tgenabled WHEN 'A' THEN 'always' WHEN 'R' THEN 'replica' WHEN 'D' THEN 'disabled' ELSE '' END,
                    'comment', coalesce(obj_description(o.oid, 'pg_trigger'), '')) ORDER BY o.tgname COLLATE "C")
                FROM pg_catalog.pg_trigger o WHERE o.tgrelid = t.oid AND NOT o.tgisinternal),
            'rules', (
                SELECT json_agg(json_build_object('name', o.rulename, 'definition', pg_get_ruledef(o.oid),
                    'enabled', CASE o.ev_enabled WHEN 'A' THEN 'always' WHEN 'R' THEN 'replica' WHEN 'D' THEN 'disabled' ELSE '' END)
                    ORDER BY o.rulename COLLATE "C")
                FROM pg_catalog.pg_rewrite o WHERE o.ev_class = t.oid AND o.rulename <> '_RETURN'),
            'policies', (
                SELECT json_agg(format('%s %s FOR %s TO %s USING (%s) WITH CHECK (%s)', o.polname,
                    CASE WHEN o.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                    CASE o.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                    (SELECT string_agg(coalesce(w.name, 'PUBLIC'), ', ' ORDER BY w.name) FROM unnest(o.polroles) AS u (oid)
                        LEFT JOIN role_names w ON w.oid = u.oid),
                    pg_get_expr(o.polqual, o.polrelid), pg_get_expr(o.polwithcheck, o.polrelid)) ORDER BY o.polname COLLATE "C")
                FROM pg_catalog.pg_policy o WHERE o.polrelid = t.oid),
            'bytes', CASE WHEN t.relkind IN ('r', 'm') THEN pg_total_relation_size(t.oid) ELSE 0 END,
            'row_estimate', CASE WHEN t.relkind = 'v' OR t.reltuples < 0 THEN -1 ELSE t.reltuples::bigint END
        ) ORDER BY s.name COLLATE "C", t.relname COLLATE "C")
        FROM pg_catalog.pg_class t
        JOIN schemas s ON s.oid = t.relnamespace
        LEFT JOIN columns a ON a.attrelid = t.oid
        LEFT JOIN role_names r ON r.oid = t.relowner
        LEFT JOIN comments c ON c.classoid = 'pg_catalog.pg_class'::regclass AND c.objoid = t.oid AND c.objsubid = 0
        LEFT JOIN rights g ON g.classid = 'pg_catalog.pg_class'::regclass AND g.objid = t.oid AND g.objsubid = 0
        WHERE t.relkind IN ('r', 'p', 'v', 'm', 'f')
            AND (('pg_catalog.pg_class'::regclass)::oid, t.oid) NOT IN (SELECT classid, objid FROM extension_objects)),
    'sequences', (
        SELECT json_agg(json_build_object('kind', 'sequence', 'schema', s.name, 'name', t.relname, 'owner', r.name,
            'comment', coalesce(c.description, ''), 'grants', g.grants,
            'definition', concat_ws(' ', format_type(q.seqtypid, NULL), 'START', q.seqstart, 'INCREMENT', q.seqincrement,
                'MINVALUE', q.seqmin, 'MAXVALUE', q.seqmax, 'CACHE', q.seqcache, CASE WHEN q.seqcycle THEN 'CYCLE' END,
                (SELECT format('OWNED BY %s.%I', a.attrelid::regclass, a.attname) FROM pg_catalog.pg_depend d
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = t.oid
                        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')))
            ) ORDER BY s.name COLLATE "C", t.relname COLLATE "C")
        FROM pg_catalog.pg_class t
        JOIN pg_catalog.pg_sequence q ON q.seqrelid = t.oid
        JOIN schemas s ON s.oid = t.relnamespace
        LEFT JOIN role_names r ON r.oid = t.relowner
        LEFT JOIN comments c ON c.classoid = 'pg_catalog.pg_class'::regclass AND c.objoid = t.oid AND c.objsubid = 0
        LEFT JOIN rights g ON g.classid = 'pg_catalog.pg_class'::regclass AND g.objid = t.oid AND g.objsubid = 0
        WHERE t.relkind = 'S' AND (('pg_catalog.pg_class'::regclass)::oid, t.oid) NOT IN (SELECT classid, objid FROM extension_objects)),
    'types', (
        SELECT json_agg(json_build_object('kind', 'type', 'schema', s.name, 'name', t.typname, 'owner', r.name,
            'comment', coalesce(c.description, ''), 'grants', g.grants,
            'sort', CASE t.typtype WHEN 'c' THEN 'composite' WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' ELSE 'range' END,
            'definition', CASE t.typtype
                WHEN 'c' THEN (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
                    FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
                WHEN 'e' THEN (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                    FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
                WHEN 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), 'DEFAULT ' || t.typdefault,
                    CASE WHEN t.typnotnull THEN 'NOT NULL' END,
                    (SELECT string_agg(k.conname || ' ' || pg_get_constraintdef(k.oid), ', ' ORDER BY k.conname)
                        FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
                ELSE (SELECT format_type(q.rngsubtype, NULL) FROM pg_catalog.pg_range q WHERE q.rngtypid = t.oid) END
        ) ORDER BY s.name COLLATE "C", t.typname COLLATE "C")
        FROM pg_catalog.pg_type t
        JOIN schemas s ON s.oid = t.typnamespace
        LEFT JOIN role_names r ON r.oid = t.typowner
        LEFT JOIN comments c ON c.classoid = 'pg_catalog.pg_type'::regclass AND c.objoid = t.oid
        LEFT JOIN rights g ON g.classid = 'pg_catalog.pg_type'::regclass AND g.objid = t.oid
        WHERE (t.typtype IN ('e', 'd', 'r')
                OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class k WHERE k.oid = t.typrelid AND k.relkind = 'c'))
            AND (('pg_catalog.pg_type'::regclass)::oid, t.oid) NOT IN (SELECT classid, objid FROM extension_objects))
)::text;
