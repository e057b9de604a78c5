-- Comments, labels and privileges.
, named AS ( -- what a person can have marked: nothing of the system's but its schemas and extensions
    SELECT d.label, i.type, i.identity, d.text
    FROM (SELECT 'comment' AS label, classoid, objoid, objsubid, description AS text FROM pg_description
          UNION ALL SELECT 'label by ' || provider, classoid, objoid, objsubid, label FROM pg_seclabel) d
    CROSS JOIN pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    WHERE (d.objoid >= 16384 OR d.classoid IN ('pg_namespace'::regclass, 'pg_extension'::regclass))
      AND (d.classoid, d.objoid) NOT IN (SELECT classid, objid FROM extension_member)
      AND NOT (d.classoid = 'pg_class'::regclass AND d.objoid IN (SELECT oid FROM excepted))
      AND NOT (d.classoid = 'pg_constraint'::regclass
          AND d.objoid IN (SELECT oid FROM pg_constraint WHERE conrelid IN (SELECT oid FROM excepted)))
      AND NOT (d.classoid = 'pg_trigger'::regclass
          AND d.objoid IN (SELECT oid FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM excepted)))
),
-- No privileges of its own means the default ones. Each stands on a line, in no order.
acl AS (
    SELECT 'database' AS object, datacl AS acl, 'd' AS kind, datdba AS owner FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT format('schema %I', nspname), nspacl, 'n', nspowner FROM schema
    UNION ALL SELECT 'relation ' || name, relacl, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END, relowner
              FROM relation WHERE relkind NOT IN ('i', 'I', 'c')
    UNION ALL SELECT format('column %s.%I', relation, attname), attacl, 'c', (SELECT relowner FROM relation WHERE oid = attrelid)
              FROM attribute WHERE attacl IS NOT NULL
    UNION ALL SELECT 'function ' || oid::regprocedure, proacl, 'f', proowner
              FROM pg_proc WHERE pronamespace IN (SELECT oid FROM schema)
    UNION ALL SELECT 'type ' || format_type(oid, NULL), typacl, 'T', typowner
              FROM pg_type t WHERE typnamespace IN (SELECT oid FROM schema) AND typacl IS NOT NULL
    UNION ALL SELECT format('language %I', lanname), lanacl, 'l', lanowner FROM pg_language
    UNION ALL SELECT format('foreign-data wrapper %I', fdwname), fdwacl, 'F', fdwowner FROM pg_foreign_data_wrapper
    UNION ALL SELECT format('server %I', srvname), srvacl, 'S', srvowner FROM pg_foreign_server
)
SELECT format('%s of %s %s', label, type, identity), text
FROM named
UNION ALL
SELECT 'comment of database', description
FROM pg_shdescription
WHERE classoid = 'pg_database'::regclass AND objoid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT 'privilege on ' || object,
       concat_ws(' ', x.privilege_type, 'to', CASE x.grantee WHEN 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
           'by', quote_ident(pg_get_userbyid(x.grantor)), CASE WHEN x.is_grantable THEN 'with grant option' END)
FROM acl
CROSS JOIN aclexplode(coalesce(acl, acldefault(kind::"char", owner))) x
UNION ALL
SELECT concat_ws(' ', 'default privilege of', quote_ident(pg_get_userbyid(d.defaclrole)), 'in ' || nullif(d.defaclnamespace, 0)::regnamespace,
           'on', d.defaclobjtype),
       concat_ws(' ', x.privilege_type, 'to', CASE x.grantee WHEN 0 THEN 'public' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
           CASE WHEN x.is_grantable THEN 'with grant option' END)
FROM pg_default_acl d
LEFT JOIN aclexplode(d.defaclacl) x ON true
