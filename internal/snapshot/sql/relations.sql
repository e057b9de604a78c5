-- Tables, views, sequences and indexes, and all that is part of one.
SELECT concat_ws(' ', CASE r.relkind
           WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
           WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' ELSE 'index' END, r.name),
       concat_ws(' ',
           'owner=' || quote_ident(pg_get_userbyid(r.relowner)),
           'persistence=' || r.relpersistence::text,
           'method=' || (SELECT nullif(amname, 'heap') FROM pg_am WHERE oid = r.relam AND r.relkind IN ('r', 'm', 'p')),
           'tablespace=' || (SELECT spcname FROM pg_tablespace WHERE oid = r.reltablespace),
           'options=' || (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(r.reloptions) o),
           'toast options=' || (SELECT string_agg(o, ',' ORDER BY o) FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = r.reltoastrelid),
           'replica identity=' || nullif(nullif(r.relreplident::text, 'd'), 'n'),
           CASE WHEN r.relrowsecurity THEN 'row security' END,
           CASE WHEN r.relforcerowsecurity THEN 'forced row security' END,
           CASE WHEN NOT r.relispopulated THEN 'not populated' END,
           'of=' || nullif(r.reloftype, 0)::regtype,
           'parents=' || (SELECT string_agg(inhparent::regclass::text, ',' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = r.oid),
           'bound=' || pg_get_expr(r.relpartbound, r.oid),
           'partitioned by ' || CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END)
FROM relation r
UNION ALL
SELECT 'definition of ' || r.name, pg_get_viewdef(r.oid)
FROM relation r
WHERE r.relkind IN ('v', 'm')
UNION ALL
SELECT format('column %s.%I', relation, attname),
       concat_ws(' ',
           place,
           format_type(atttypid, atttypmod),
           'collate ' || (SELECT n.name FROM pg_type t, collation_name n WHERE t.oid = atttypid AND n.oid = nullif(attcollation, typcollation)),
           CASE WHEN attnotnull THEN 'not null' END,
           'default ' || (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum),
           'generated=' || nullif(attgenerated::text, ''),
           'identity=' || nullif(attidentity::text, ''),
           'storage=' || (SELECT nullif(attstorage, typstorage)::text FROM pg_type t WHERE t.oid = atttypid),
           'compression=' || nullif(a ->> 'attcompression', ''),
           'statistics=' || nullif(a ->> 'attstattarget', '-1'),
           'options=' || (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(attoptions) o),
           'foreign options=' || (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(attfdwoptions) o),
           CASE WHEN NOT attislocal THEN 'inherited' END)
FROM attribute
WHERE relkind NOT IN ('i', 'I', 'S')
UNION ALL
SELECT 'sequence of ' || r.name,
       concat_ws(' ', format_type(s.seqtypid, NULL), 'start', s.seqstart, 'increment', s.seqincrement,
           'from', s.seqmin, 'to', s.seqmax, 'cache', s.seqcache, CASE WHEN s.seqcycle THEN 'cycle' END,
           (SELECT format('owned by %s.%I', attrelid::regclass, attname)
            FROM pg_depend d
            JOIN pg_attribute ON attrelid = d.refobjid AND attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')))
FROM relation r
JOIN pg_sequence s ON s.seqrelid = r.oid
UNION ALL
SELECT format('index of %s: %s', i.indrelid::regclass, r.name),
       concat_ws(' ', pg_get_indexdef(r.oid),
           CASE WHEN NOT i.indisvalid THEN 'INVALID' END,
           CASE WHEN NOT i.indisready THEN 'NOT READY' END,
           CASE WHEN i.indisclustered THEN 'CLUSTER' END,
           CASE WHEN i.indisreplident THEN 'REPLICA IDENTITY' END,
           (SELECT string_agg(format('statistics(%s)=%s', place, a ->> 'attstattarget'), ' ' ORDER BY place)
            FROM attribute WHERE attrelid = r.oid AND a ->> 'attstattarget' <> '-1'))
FROM relation r
JOIN pg_index i ON i.indexrelid = r.oid
UNION ALL
SELECT format('constraint %s.%I', r.name, c.conname),
       concat_ws(' ', pg_get_constraintdef(c.oid),
           CASE WHEN NOT c.convalidated THEN 'not valid' END,
           CASE WHEN c.condeferrable THEN 'deferrable' END,
           CASE WHEN c.condeferred THEN 'deferred' END,
           CASE WHEN NOT c.conislocal THEN 'inherited' END)
FROM relation r
JOIN pg_constraint c ON c.conrelid = r.oid
UNION ALL
SELECT format('trigger %s.%I', r.name, t.tgname), concat_ws(' ', pg_get_triggerdef(t.oid), 'enabled=' || t.tgenabled::text)
FROM relation r
JOIN pg_trigger t ON t.tgrelid = r.oid
WHERE NOT t.tgisinternal
UNION ALL
-- A foreign key that is switched off shows in no dump. The trigger's own name holds a number of the system's.
SELECT format('trigger of constraint %s.%I', r.name, c.conname), concat_ws(' ', t.tgfoid::regproc, 'enabled=' || t.tgenabled::text)
FROM relation r
JOIN pg_trigger t ON t.tgrelid = r.oid
JOIN pg_constraint c ON c.oid = t.tgconstraint
WHERE t.tgisinternal AND t.tgenabled <> 'O'
UNION ALL
SELECT format('rule %s.%I', r.name, w.rulename), concat_ws(' ', pg_get_ruledef(w.oid), 'enabled=' || w.ev_enabled::text)
FROM relation r
JOIN pg_rewrite w ON w.ev_class = r.oid
WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT format('policy %s.%I', r.name, p.polname),
       concat_ws(' ', 'for ' || p.polcmd::text, CASE WHEN NOT p.polpermissive THEN 'restrictive' END,
           'to ' || (SELECT string_agg(CASE m WHEN 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(m)) END, ',' ORDER BY pg_get_userbyid(m))
                     FROM unnest(p.polroles) m),
           'using ' || pg_get_expr(p.polqual, p.polrelid),
           'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
FROM relation r
JOIN pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT format('statistics %s.%I', x.stxnamespace::regnamespace, x.stxname),
       concat_ws(' ', pg_get_statisticsobjdef(x.oid), 'owner=' || quote_ident(pg_get_userbyid(x.stxowner)),
           'target=' || nullif(to_jsonb(x) ->> 'stxstattarget', '-1'))
FROM relation r
JOIN pg_statistic_ext x ON x.stxrelid = r.oid
UNION ALL
SELECT 'foreign table of ' || s.srvname || ' ' || r.name, (SELECT string_agg(o, ',' ORDER BY o) FROM unnest(f.ftoptions) o)
FROM relation r
JOIN pg_foreign_table f ON f.ftrelid = r.oid
JOIN pg_foreign_server s ON s.oid = f.ftserver
