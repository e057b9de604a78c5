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
        'partitioned by ' || CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END)
    FROM relations r
    WHERE r.relkind IN ('r', 'p', 'f')
    UNION ALL
    SELECT 'tables', 'index ' || x.indexrelid::regclass, concat_ws(' ',
        CASE WHEN x.indisclustered THEN 'clusters' END, CASE WHEN x.indisreplident THEN 'identifies rows' END)
    FROM pg_catalog.pg_index x
    JOIN relations r ON r.oid = x.indrelid
    UNION ALL
    SELECT 'tables', format('rule %I on %s', w.rulename, r.name), w.ev_enabled::text || ' ' || pg_get_ruledef(w.oid)
    FROM pg_catalog.pg_rewrite w
    JOIN relations r ON r.oid = w.ev_class
    WHERE w.rulename <> '_RETURN'
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
    SELECT 'tables', 'sequence ' || r.name, concat_ws(' ', format_type(q.seqtypid, NULL), 'start', q.seqstart, 'increment', q.seqincrement,
        'from', q.seqmin, 'to', q.seqmax, 'cache', q.seqcache, CASE WHEN q.seqcycle THEN 'cycles' END)
    FROM pg_catalog.pg_sequence q
    JOIN relations r ON r.oid = q.seqrelid
    UNION ALL
    SELECT 'tables', format('event trigger %I', e.evtname), concat_ws(' ', pg_get_userbyid(e.evtowner), e.evtevent, e.evtfoid::regprocedure,
        e.evtenabled, array_to_string(e.evttags, ', '))
    FROM pg_catalog.pg_event_trigger e
    WHERE (('pg_catalog.pg_event_trigger'::regclass)::oid, e.oid) NOT IN (SELECT classid, objid FROM extension_objects)
    UNION ALL
    SELECT 'tables', format('publication %I', p.pubname), concat_ws(' ', CASE WHEN p.puballtables THEN 'of all tables' END,
        CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END,
        CASE WHEN p.pubtruncate THEN 'truncate' END)
    FROM pg_catalog.pg_publication p
    UNION ALL
    SELECT 'tables', format('publication %I', p.pubname), 'of ' || r.name
    FROM pg_catalog.pg_publication p
    JOIN pg_catalog.pg_publication_rel m ON m.prpubid = p.oid
    JOIN relations r ON r.oid = m.prrelid
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
    SELECT 'rights', concat_ws(' ', 'default of', pg_get_userbyid(d.defaclrole), 'on', d.defaclobjtype, 'in ' || s.name),
        concat_ws(' ', x.privilege_type, CASE x.grantee WHEN 0 THEN 'to everybody' ELSE 'to role ' || pg_get_userbyid(x.grantee) END,
            CASE WHEN x.is_grantable THEN 'with grant option' END)
    FROM pg_catalog.pg_default_acl d
    LEFT JOIN schemas s ON s.oid = d.defaclnamespace
    LEFT JOIN LATERAL aclexplode(d.defaclacl) AS x ON true
    WHERE d.defaclnamespace = 0 OR s.oid IS NOT NULL
)
SELECT f.part, f.object, f.text FROM found f WHERE f.text <> '';
