-- What is neither a relation nor a type nor a procedure, and the database itself.
SELECT 'database', concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(d.datdba)), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype)
FROM pg_database d
WHERE d.datname = current_database()
UNION ALL
SELECT concat_ws(' ', 'database setting', 'of ' || quote_ident(pg_get_userbyid(nullif(s.setrole, 0)))), setting
FROM pg_db_role_setting s
CROSS JOIN unnest(s.setconfig) setting
WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT format('schema %I', nspname), 'owner=' || quote_ident(pg_get_userbyid(nspowner))
FROM schema
WHERE ('pg_namespace'::regclass, oid) NOT IN (SELECT classid, objid FROM extension_member)
UNION ALL
SELECT format('extension %I', extname),
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(extowner)), 'version=' || extversion, 'schema=' || extnamespace::regnamespace)
FROM pg_extension
UNION ALL
SELECT format('language %I', l.lanname),
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(l.lanowner)), CASE WHEN l.lanpltrusted THEN 'trusted' END,
           nullif(l.lanplcallfoid, 0)::regprocedure, nullif(l.laninline, 0)::regprocedure, nullif(l.lanvalidator, 0)::regprocedure)
FROM pg_language l
WHERE l.oid >= 16384 AND ('pg_language'::regclass, l.oid) NOT IN (SELECT classid, objid FROM extension_member)
UNION ALL
SELECT 'collation ' || (SELECT name FROM collation_name n WHERE n.oid = c.oid),
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(c.collowner)), to_jsonb(c) - '{oid,collnamespace,collowner}'::text[])
FROM pg_collation c
JOIN schema s ON s.oid = c.collnamespace
WHERE ('pg_collation'::regclass, c.oid) NOT IN (SELECT classid, objid FROM extension_member)
UNION ALL
SELECT format('event trigger %I', e.evtname),
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(e.evtowner)), 'on', e.evtevent, e.evtfoid::regproc, 'enabled=' || e.evtenabled::text,
           'tags=' || (SELECT string_agg(tag, ',' ORDER BY tag) FROM unnest(e.evttags) tag))
FROM pg_event_trigger e
WHERE ('pg_event_trigger'::regclass, e.oid) NOT IN (SELECT classid, objid FROM extension_member)
UNION ALL
SELECT format('publication %I', p.pubname),
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(p.pubowner)), to_jsonb(p) - '{oid,pubname,pubowner}'::text[])
FROM pg_publication p
UNION ALL
SELECT format('publication %I of %I.%I', p.pubname, p.schemaname, p.tablename), to_jsonb(p)::text
FROM pg_publication_tables p
UNION ALL
SELECT format('foreign-data wrapper %I', f.fdwname),
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(f.fdwowner)), nullif(f.fdwhandler, 0)::regprocedure,
           nullif(f.fdwvalidator, 0)::regprocedure, f.fdwoptions)
FROM pg_foreign_data_wrapper f
WHERE ('pg_foreign_data_wrapper'::regclass, f.oid) NOT IN (SELECT classid, objid FROM extension_member)
UNION ALL
SELECT format('server %I', v.srvname),
       concat_ws(' ', 'owner=' || quote_ident(pg_get_userbyid(v.srvowner)), f.fdwname, v.srvtype, v.srvversion, v.srvoptions)
FROM pg_foreign_server v
JOIN pg_foreign_data_wrapper f ON f.oid = v.srvfdw
UNION ALL
-- Of these the name is all that is told.
SELECT i.type || ' ' || i.identity, ''
FROM (SELECT 'pg_opclass'::regclass AS classid, oid AS objid, opcnamespace AS schema FROM pg_opclass
      UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfnamespace FROM pg_opfamily
      UNION ALL SELECT 'pg_conversion'::regclass, oid, connamespace FROM pg_conversion
      UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace FROM pg_ts_config
      UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace FROM pg_ts_dict
      UNION ALL SELECT 'pg_ts_parser'::regclass, oid, prsnamespace FROM pg_ts_parser
      UNION ALL SELECT 'pg_ts_template'::regclass, oid, tmplnamespace FROM pg_ts_template) o
CROSS JOIN pg_identify_object(o.classid, o.objid, 0) i
WHERE o.schema IN (SELECT oid FROM schema) AND (o.classid::oid, o.objid) NOT IN (SELECT classid, objid FROM extension_member)
