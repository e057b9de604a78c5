-- What can change how an upgrade goes, or what it comes to, and what a review does not compare object by object: the part that it belongs to,
-- the object, and what there is to say about it. What coco has made is left out, and so is what belongs to an extension.
WITH
extension_objects AS (
    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
),
schemas AS (
    SELECT n.oid, n.nspname AS name FROM pg_catalog.pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'coco')
),
relations AS (
    SELECT c.*, c.oid::regclass::text AS name
    FROM pg_catalog.pg_class c
    JOIN schemas s ON s.oid = c.relnamespace
    WHERE NOT (s.name = 'public' AND c.relname IN ('command_entities', 'schema_migrations'))
        AND (('pg_catalog.pg_class'::regclass)::oid, c.oid) NOT IN (SELECT classid, objid FROM extension_objects)
),
found (part, object, text) AS (
    SELECT 'tables', 'table ' || r.name, concat_ws(' ',
        CASE WHEN r.relforcerowsecurity THEN 'forces row security' END,
        'of ' || nullif(r.reloftype, 0)::regtype,
        'inherits ' || (SELECT string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
            FROM pg_catalog.pg_inherits i WHERE i.inhrelid = r.oid),
        'bound ' || pg_get_expr(r.relpartbound, r.oid),
        'partitioned by ' || CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END,
        'kept by ' || (SELECT a.amname FROM pg_catalog.pg_am a WHERE a.oid = r.relam AND a.amname <> 'heap'),
        -- Written anew, async_tasks may need no such table any more.
        (SELECT 'TOAST ' || array_to_string(o.reloptions, ', ') FROM pg_catalog.pg_class o
            WHERE o.oid = r.reltoastrelid AND r.name <> 'public.async_tasks'))
    FROM relations r
    WHERE r.relkind IN ('r', 'p', 'f')
    UNION ALL
    SELECT 'tables', 'relation ' || r.name, 'in tablespace ' || t.spcname
    FROM relations r
    JOIN pg_catalog.pg_tablespace t ON t.oid = r.reltablespace
    UNION ALL
    SELECT 'tables', format('column %I of %s', a.attname, r.name), concat_ws(' ', 'statistics ' || nullif(a.attstattarget, -1),
        array_to_string(a.attoptions, ', '), 'compressed by ' || nullif(to_jsonb(a) ->> 'attcompression', ''))
    FROM relations r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE r.relkind IN ('r', 'p', 'm', 'f') AND NOT (r.name = 'public.async_tasks' AND a.attname IN (
        'action_parameters', 'action_params_class', 'task_parameters', 'task_params_class', 'root_command_id'))
    UNION ALL
    SELECT 'tables', format('column %s of index %s', a.attnum, r.name), 'statistics ' || a.attstattarget
    FROM relations r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attstattarget >= 0
    WHERE r.relkind IN ('i', 'I')
    UNION ALL
    -- A key that is switched off.
    SELECT DISTINCT 'tables', format('constraint %I', k.conname), format('enabled %s on %s', g.tgenabled, r.name)
    FROM pg_catalog.pg_trigger g
    JOIN pg_catalog.pg_constraint k ON k.oid = g.tgconstraint
    JOIN relations r ON r.oid = g.tgrelid
    WHERE g.tgisinternal AND g.tgenabled <> 'O'
    UNION ALL
    SELECT 'tables', format('statistics %I', e.stxname), pg_get_statisticsobjdef(e.oid)
    FROM pg_catalog.pg_statistic_ext e
    JOIN relations r ON r.oid = e.stxrelid
    UNION ALL
    SELECT 'tables', format('event trigger %I', e.evtname), concat_ws(' ', pg_get_userbyid(e.evtowner), e.evtevent, e.evtfoid::regprocedure,
        e.evtenabled, array_to_string(e.evttags, ', '))
    FROM pg_catalog.pg_event_trigger e
    WHERE (('pg_catalog.pg_event_trigger'::regclass)::oid, e.oid) NOT IN (SELECT classid, objid FROM extension_objects)
    UNION ALL
    SELECT 'tables', format('publication %I', p.pubname), (to_jsonb(p) - 'oid' - 'pubowner')::text || pg_get_userbyid(p.pubowner)
    FROM pg_catalog.pg_publication p
    UNION ALL
    -- Columns by number: whoever names one that could get another number keeps an upgrade from beginning.
    SELECT 'tables', format('publication %I', p.pubname), concat_ws(' ', 'of', r.name, to_jsonb(m) ->> 'prattrs',
        md5(to_jsonb(m) ->> 'prqual'))
    FROM pg_catalog.pg_publication p
    JOIN pg_catalog.pg_publication_rel m ON m.prpubid = p.oid
    JOIN relations r ON r.oid = m.prrelid
    UNION ALL
    -- What few databases have: that it is there, and whose it is.
    SELECT CASE WHEN o.kind IN ('pg_catalog.pg_language'::regclass, 'pg_catalog.pg_opclass'::regclass, 'pg_catalog.pg_opfamily'::regclass)
            THEN 'procedures' ELSE 'tables' END,
        i.type || ' ' || i.identity, 'of ' || pg_get_userbyid(o.owner)
    FROM (
        SELECT 'pg_catalog.pg_language'::regclass AS kind, oid, lanowner AS owner FROM pg_catalog.pg_language
        UNION ALL
        SELECT 'pg_catalog.pg_opclass'::regclass, oid, opcowner FROM pg_catalog.pg_opclass
        UNION ALL
        SELECT 'pg_catalog.pg_opfamily'::regclass, oid, opfowner FROM pg_catalog.pg_opfamily
        UNION ALL
        SELECT 'pg_catalog.pg_collation'::regclass, oid, collowner FROM pg_catalog.pg_collation
        UNION ALL
        SELECT 'pg_catalog.pg_conversion'::regclass, oid, conowner FROM pg_catalog.pg_conversion
        UNION ALL
        SELECT 'pg_catalog.pg_ts_config'::regclass, oid, cfgowner FROM pg_catalog.pg_ts_config
        UNION ALL
        SELECT 'pg_catalog.pg_ts_dict'::regclass, oid, dictowner FROM pg_catalog.pg_ts_dict
        UNION ALL
        SELECT 'pg_catalog.pg_foreign_data_wrapper'::regclass, oid, fdwowner FROM pg_catalog.pg_foreign_data_wrapper
        UNION ALL
        SELECT 'pg_catalog.pg_foreign_server'::regclass, oid, srvowner FROM pg_catalog.pg_foreign_server
        UNION ALL
        SELECT 'pg_catalog.pg_type'::regclass, t.oid, t.typowner FROM pg_catalog.pg_type t
        JOIN schemas s ON s.oid = t.typnamespace
        WHERE t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
    ) AS o (kind, oid, owner)
    CROSS JOIN LATERAL pg_identify_object(o.kind, o.oid, 0) AS i
    WHERE o.oid >= 16384 AND (o.kind::oid, o.oid) NOT IN (SELECT classid, objid FROM extension_objects)
    UNION ALL
    SELECT 'procedures', 'aggregate ' || a.aggfnoid::regprocedure, concat_ws(' ', a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn,
        format_type(a.aggtranstype, NULL), a.agginitval)
    FROM pg_catalog.pg_aggregate a
    JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
    JOIN schemas s ON s.oid = p.pronamespace
    WHERE (('pg_catalog.pg_proc'::regclass)::oid, p.oid) NOT IN (SELECT classid, objid FROM extension_objects)
    UNION ALL
    SELECT 'procedures', 'operator ' || o.oid::regoperator, concat_ws(' ', pg_get_userbyid(o.oprowner), o.oprcode)
    FROM pg_catalog.pg_operator o
    JOIN schemas s ON s.oid = o.oprnamespace
    WHERE (('pg_catalog.pg_operator'::regclass)::oid, o.oid) NOT IN (SELECT classid, objid FROM extension_objects)
    UNION ALL
    -- The server's own casts have smaller numbers.
    SELECT 'procedures', format('cast from %s to %s', format_type(c.castsource, NULL), format_type(c.casttarget, NULL)),
        concat_ws(' ', nullif(c.castfunc, 0)::regprocedure, c.castcontext, c.castmethod)
    FROM pg_catalog.pg_cast c
    WHERE c.oid >= 16384
        AND (('pg_catalog.pg_cast'::regclass)::oid, c.oid) NOT IN (SELECT classid, objid FROM extension_objects)
    UNION ALL
    SELECT 'rights', 'language ' || l.lanname, concat_ws(' ', x.privilege_type,
        CASE x.grantee WHEN 0 THEN 'to everybody' ELSE 'to role ' || pg_get_userbyid(x.grantee) END, CASE WHEN x.is_grantable THEN 'with grant option' END)
    FROM pg_catalog.pg_language l
    CROSS JOIN LATERAL aclexplode(coalesce(l.lanacl, acldefault('l', l.lanowner))) AS x
    UNION ALL
    SELECT 'rights', concat_ws(' ', 'default of', pg_get_userbyid(d.defaclrole), 'on', d.defaclobjtype, 'in ' || s.name),
        concat_ws(' ', x.privilege_type, CASE x.grantee WHEN 0 THEN 'to everybody' ELSE 'to role ' || pg_get_userbyid(x.grantee) END,
            CASE WHEN x.is_grantable THEN 'with grant option' END)
    FROM pg_catalog.pg_default_acl d
    LEFT JOIN schemas s ON s.oid = d.defaclnamespace
    LEFT JOIN LATERAL aclexplode(d.defaclacl) AS x ON true
    WHERE d.defaclnamespace = 0 OR s.oid IS NOT NULL
)
SELECT f.part, f.object, f.text FROM found f WHERE f.text <> '';
