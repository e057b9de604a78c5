-- What the role that is connected lacks to go up, each with the statement that mends it. A superuser lacks nothing.
--
-- It replaces objects of the engine, so it must be a member of the roles that own them, with their privileges (USAGE) and, as it gives
-- them what it creates, allowed to become them (the SET option, from PostgreSQL 16 on). Who is given something in schema public
-- needs CREATE there as well.
WITH me AS (
    SELECT r.oid, quote_ident(r.rolname) AS name, to_regnamespace('coco') IS NULL AS begins,
        current_setting('server_version_num')::integer >= 160000 AS has_options
    FROM pg_catalog.pg_roles r
    WHERE r.rolname = current_user AND NOT r.rolsuper
), tasks AS (
    SELECT c.oid, c.relowner AS owner, EXISTS (
            SELECT 1 FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = 'action_parameters' AND NOT a.attisdropped) AS has_columns
    FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.async_tasks')
), replaced AS (
    SELECT p.proowner AS owner, format('procedure %s', p.proname) AS object
    FROM tasks
    JOIN pg_catalog.pg_proc p ON p.pronamespace = to_regnamespace('public') AND (
        p.proname IN ('insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks')
        OR p.proname IN ('getallfromasync_tasks', 'getasync_tasksbytask_id', 'getasynctasksbyentityid', 'getasynctasksbyvdsmtaskid',
                'fn_db_get_async_tasks')
            AND NOT (to_regnamespace('coco') IS NOT NULL AND EXISTS (
                SELECT 1 FROM pg_catalog.pg_proc k
                WHERE k.pronamespace = p.pronamespace AND k.proname = 'insertcommandentity')))
), owned AS (
    SELECT 1 AS place, t.owner, 'table async_tasks' AS object FROM tasks t
    UNION ALL
    SELECT 2, c.relowner, 'table command_entities' FROM pg_catalog.pg_class c
    WHERE c.oid = to_regclass('public.command_entities') AND to_regnamespace('coco') IS NOT NULL
    UNION ALL
    SELECT 3, n.nspowner, 'schema coco' FROM pg_catalog.pg_namespace n WHERE n.nspname = 'coco'
    UNION ALL
    SELECT 4, p.owner, p.object FROM replaced p
), owners AS (
    SELECT o.owner, quote_ident(r.rolname) AS name, r.rolsuper,
        (array_agg(o.object ORDER BY o.place, o.object))[1]
            || CASE WHEN count(*) > 1 THEN format(' and %s more', count(*) - 1) ELSE '' END AS objects
    FROM me
    CROSS JOIN owned o
    JOIN pg_catalog.pg_roles r ON r.oid = o.owner
    WHERE o.owner <> me.oid
    GROUP BY o.owner, r.rolname, r.rolsuper
), tables (name, privileges) AS (
    SELECT 'public.async_tasks', ARRAY['SELECT', 'UPDATE', 'TRIGGER']
    FROM me CROSS JOIN tasks t
    WHERE pg_has_role(me.oid, t.owner, 'USAGE') -- else that is what is missing
    UNION ALL
    SELECT 'public.schema_version', ARRAY['SELECT', 'INSERT', 'DELETE'] -- contract leaves its marks there
    FROM tasks t WHERE t.has_columns
    UNION ALL
    SELECT 'public.schema_migrations', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']
), reasons (priority, subject, reason, hint) AS (
    SELECT 1, format('role %s', o.name), format('role %s is no member of role %s, which owns %s', me.name, o.name, o.objects),
        CASE WHEN o.rolsuper THEN format('Connect as %s: it is a superuser, and membership would make %s one too.', o.name, me.name)
            ELSE format('GRANT %s TO %s', o.name, me.name) END
    FROM me CROSS JOIN owners o
    WHERE NOT pg_has_role(me.oid, o.owner, 'MEMBER')
    UNION ALL
    SELECT 2, format('role %s', o.name),
        format('role %s does not inherit the privileges of role %s, which owns %s', me.name, o.name, o.objects),
        CASE WHEN me.has_options THEN format('GRANT %s TO %s WITH INHERIT TRUE', o.name, me.name)
            ELSE format('ALTER ROLE %s INHERIT', me.name) END
    FROM me CROSS JOIN owners o
    WHERE pg_has_role(me.oid, o.owner, 'MEMBER') AND NOT pg_has_role(me.oid, o.owner, 'USAGE')
    UNION ALL
    SELECT 3, format('role %s', o.name),
        format('role %s may not become role %s, which owns %s: it could give it nothing', me.name, o.name, o.objects),
        format('GRANT %s TO %s WITH SET TRUE', o.name, me.name)
    FROM me CROSS JOIN owners o
    WHERE pg_has_role(me.oid, o.owner, 'MEMBER')
        AND NOT pg_has_role(me.oid, o.owner, CASE WHEN me.has_options THEN 'SET' ELSE 'MEMBER' END)
    UNION ALL
    SELECT 4, format('database %s', current_database()),
        format('role %s lacks CREATE on database %I: schema coco is created there', me.name, current_database()),
        format('GRANT CREATE ON DATABASE %I TO %s', current_database(), me.name)
    FROM me
    WHERE me.begins AND NOT has_database_privilege(me.oid, current_database(), 'CREATE')
    UNION ALL
    SELECT 5, 'schema public', format('role %s lacks CREATE on schema public', me.name),
        format('GRANT CREATE ON SCHEMA public TO %s', me.name)
    FROM me
    WHERE to_regnamespace('public') IS NOT NULL AND NOT has_schema_privilege(me.oid, to_regnamespace('public')::oid, 'CREATE')
    UNION ALL
    SELECT 6, 'schema public',
        format('role %s, which owns %s, lacks CREATE on schema public: it could not be given what is created there', o.name, o.objects),
        format('GRANT CREATE ON SCHEMA public TO %s', o.name)
    FROM me CROSS JOIN owners o
    WHERE to_regnamespace('public') IS NOT NULL AND NOT has_schema_privilege(o.owner, to_regnamespace('public')::oid, 'CREATE')
    UNION ALL
    SELECT 7, format('table %s', t.name), format('role %s lacks %s on table %s', me.name, p.privilege, t.name),
        format('GRANT %s ON %s TO %s', p.privilege, t.name, me.name)
    FROM me
    CROSS JOIN tables t
    CROSS JOIN LATERAL unnest(t.privileges) AS p(privilege)
    WHERE to_regclass(t.name) IS NOT NULL AND NOT has_table_privilege(me.oid, to_regclass(t.name)::oid, p.privilege)
    UNION ALL
    SELECT 8, format('language %s', l.lanname), format('role %s lacks USAGE on language %I: coco''s functions are written in it', me.name, l.lanname),
        format('GRANT USAGE ON LANGUAGE %I TO %s', l.lanname, me.name)
    FROM me
    JOIN pg_catalog.pg_language l ON l.lanname IN ('plpgsql', 'sql')
    WHERE NOT has_language_privilege(me.oid, l.oid, 'USAGE')
    UNION ALL
    SELECT 9, 'type async_tasks_info_rs', format('role %s lacks USAGE on type public.async_tasks_info_rs: a procedure returns it', me.name),
        format('GRANT USAGE ON TYPE public.async_tasks_info_rs TO %s', me.name)
    FROM me
    WHERE to_regtype('public.async_tasks_info_rs') IS NOT NULL
        AND NOT has_type_privilege(me.oid, to_regtype('public.async_tasks_info_rs')::oid, 'USAGE')
    UNION ALL
    SELECT 10, format('tablespace %s', s.spcname),
        format('role %s lacks CREATE on tablespace %I, where default_tablespace puts new tables', me.name, s.spcname),
        format('GRANT CREATE ON TABLESPACE %I TO %s', s.spcname, me.name)
    FROM me
    JOIN pg_catalog.pg_tablespace s ON s.spcname = current_setting('default_tablespace')
    JOIN pg_catalog.pg_database d ON d.datname = current_database() AND d.dattablespace <> s.oid
    WHERE NOT has_tablespace_privilege(me.oid, s.oid, 'CREATE')
)
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject, r.reason;
