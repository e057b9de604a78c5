-- coco:phase expand
-- Checks that this is an engine's database and adopts it as it is. An empty database gets the engine's own tables.

-- Each reason to refuse is a row; "upgrade check" lists them all.
DO $adopt$
DECLARE
    v_refusal record;
BEGIN
    FOR v_refusal IN
-- coco:query database.sql

-- What the database is. Where this finds something, the other checks have nothing to say.
SELECT format('database %s', current_database()) AS subject, x.reason, x.hint
FROM (
    SELECT
        to_regnamespace('public') AS public,
        to_regnamespace('coco') AS coco,
        to_regclass('public.command_entities') AS entities,
        (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.async_tasks')) AS tasks,
        EXISTS (
            SELECT 1 FROM pg_catalog.pg_class c
            WHERE c.relnamespace = to_regnamespace('public') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND c.relname <> 'schema_migrations'
                AND NOT EXISTS (
                    SELECT 1 FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        ) AS has_tables
) AS d
CROSS JOIN LATERAL (VALUES
    (1, d.public IS NULL, 'the database has no schema public',
        'Name the database of an oVirt engine 3.3 or 3.4, or run CREATE SCHEMA public in an empty one.'),
    (2, d.tasks IS NULL AND d.has_tables, 'this is no engine database: it has tables, but no async_tasks',
        'Name the database of an oVirt engine 3.3 or 3.4, or an empty one.'),
    (3, d.coco IS NOT NULL, 'schema coco is already there, but no migration is recorded',
        'Restore the table schema_migrations, or drop schema coco if nothing of it is needed.'),
    (4, d.entities IS NOT NULL, 'this database has a table command_entities of its own: its engine is version 3.5 or later',
        'coco upgrades databases of engine 3.3 and 3.4: from 3.5 on there is nothing to do. If the table is not the engine''s, rename it.'),
    (5, d.tasks <> 'r', 'async_tasks is no ordinary table',
        'Name the database of an oVirt engine 3.3 or 3.4.')
) AS x (priority, found, reason, hint)
WHERE x.found
ORDER BY x.priority
LIMIT 1

-- coco:end
    LOOP
        RAISE EXCEPTION '%', v_refusal.reason USING ERRCODE = 'CO001', HINT = v_refusal.hint;
    END LOOP;
    FOR v_refusal IN
-- coco:query engine.sql

-- What a database of engine 3.3 or 3.4 has, and this one lacks.
WITH tasks AS (
    SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.async_tasks')
), expected (place, name, type) AS (VALUES
    (1, 'task_id', 'uuid'), (2, 'action_type', 'integer'), (3, 'status', 'integer'), (4, 'result', 'integer'),
    (5, 'action_parameters', 'text'), (6, 'action_params_class', 'character varying(256)'), (7, 'step_id', 'uuid'),
    (8, 'command_id', 'uuid'), (9, 'started_at', 'timestamp with time zone'), (10, 'storage_pool_id', 'uuid'),
    (11, 'task_type', 'integer'), (12, 'task_parameters', 'text'), (13, 'task_params_class', 'character varying(256)'),
    (14, 'vdsm_task_id', 'uuid'), (15, 'root_command_id', 'uuid')
), present AS (
    SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
        a.attnotnull OR a.attcollation <> t.typcollation AS odd
    FROM tasks
    JOIN pg_catalog.pg_attribute a ON a.attrelid = tasks.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
), reasons (priority, subject, reason, hint) AS (
    SELECT 1, 'table async_tasks', format('this is no database of engine 3.3 or 3.4: it lacks %s',
            string_agg(format('async_tasks.%s %s', e.name, e.type), ', ' ORDER BY e.place)),
        'Upgrade the engine to 3.3 or 3.4 first.'
    FROM tasks
    CROSS JOIN expected e
    LEFT JOIN present p ON p.name = e.name AND p.type = e.type
    WHERE p.name IS NULL
    HAVING count(*) > 0
    UNION ALL
    SELECT 2, 'table async_tasks',
        format('async_tasks has columns that no engine 3.3 or 3.4 knows: %s', string_agg(p.name, ', ' ORDER BY p.name)),
        'Move them to a table of their own first.'
    FROM present p
    WHERE p.name NOT IN (SELECT e.name FROM expected e)
    HAVING count(*) > 0
    UNION ALL
    SELECT 3, 'table async_tasks_entities', 'this is no complete engine database: table async_tasks_entities is missing',
        'Restore the database, or name another.'
    FROM tasks
    WHERE to_regclass('public.async_tasks_entities') IS NULL
    UNION ALL
    SELECT 4, format('procedure %s', e.name), format('this is no complete engine database: procedure %s is missing', e.name),
        'Re-install the engine''s procedures (engine-setup does), then run the same command again.'
    FROM tasks
    CROSS JOIN unnest(ARRAY['insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks', 'deleteasync_tasks',
        'deleteasynctasksbyvdsmtaskid', 'getallfromasync_tasks', 'getasync_tasksbytask_id', 'getasynctasksbyentityid',
        'getasynctasksbyvdsmtaskid', 'getasynctasksbystoragepoolid', 'getasynctasksidsbyentityid',
        'getasynctaskentitiesbytaskid', 'insertasynctaskentities', 'fn_db_get_async_tasks']) AS e(name)
    WHERE NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_proc p WHERE p.pronamespace = to_regnamespace('public') AND p.proname = e.name)
        -- These tables alone are a fresh installation that was taken back: the way back leaves them, and no procedures of an engine.
        AND EXISTS (
            SELECT 1 FROM pg_catalog.pg_class c
            WHERE c.relnamespace = to_regnamespace('public') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND c.relname NOT IN ('async_tasks', 'async_tasks_entities', 'schema_migrations'))
    UNION ALL
    SELECT 5, format('column %s of async_tasks', p.name),
        format('column %s of async_tasks is NOT NULL or has a collation, unlike an engine''s', p.name),
        'Change the column back before the upgrade.'
    FROM present p
    WHERE p.odd AND p.name IN ('action_parameters', 'action_params_class', 'task_parameters', 'task_params_class', 'root_command_id')
)
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject

-- coco:end
    LOOP
        RAISE EXCEPTION '%', v_refusal.reason USING ERRCODE = 'CO001', HINT = v_refusal.hint;
    END LOOP;
    FOR v_refusal IN
-- coco:query columns.sql

-- What hangs on async_tasks and could not follow, or could not come back. Five columns move; on the way back most of the others are
-- written anew behind them. Nothing is looked at once contract has dropped the five.
WITH tasks AS (
    SELECT c.* FROM pg_catalog.pg_class c
    WHERE c.oid = to_regclass('public.async_tasks') AND c.relkind = 'r'
), moved AS (
    SELECT a.attname::text AS name
    FROM tasks JOIN pg_catalog.pg_attribute a ON a.attrelid = tasks.oid
    WHERE a.attname IN ('action_parameters', 'action_params_class', 'task_parameters', 'task_params_class', 'root_command_id')
), dependants AS (
    -- A view hangs on columns by its rule, which is called _RETURN and which nobody knows it by.
    SELECT DISTINCT regexp_replace(pg_describe_object(d.classid, d.objid, d.objsubid), '^rule "?_RETURN"? on ', '') AS object,
        a.attname::text AS column
    FROM tasks
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = tasks.oid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE EXISTS (SELECT 1 FROM moved)
        AND a.attname NOT IN ('task_id', 'action_type', 'status', 'result')
        AND (a.attname IN (SELECT m.name FROM moved m)
            OR d.classid IN ('pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_policy'::regclass,
                'pg_catalog.pg_trigger'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_publication_rel'::regclass)
            OR d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid IN (
                SELECT c.oid FROM pg_catalog.pg_constraint c
                WHERE c.confrelid = tasks.oid AND c.conrelid <> c.confrelid))
        -- The view and the triggers of coco itself.
        AND NOT EXISTS (
            SELECT 1 FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
            WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid AND v.relnamespace = to_regnamespace('coco'))
        AND NOT EXISTS (
            SELECT 1 FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
            WHERE d.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = d.objid AND p.pronamespace = to_regnamespace('coco'))
), texts AS MATERIALIZED (
    -- PostgreSQL keeps no record of what a function's text reads: comments aside, it is taken at its word.
    SELECT format('function %s', p.oid::regprocedure) AS object,
        regexp_replace(lower(p.prosrc), '-{2}[^\n]*|/\*([^*]|\*+[^*/])*\*+/', ' ', 'g') AS body
    FROM pg_catalog.pg_namespace n
    JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'coco') AND strpos(lower(p.prosrc), 'async_tasks') > 0
        AND NOT (n.nspname = 'public' AND p.proname IN ('insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks',
            'getallfromasync_tasks', 'getasync_tasksbytask_id', 'getasynctasksbyentityid', 'getasynctasksbyvdsmtaskid',
            'fn_db_get_async_tasks', 'insertcommandentity', 'updatecommandentity', 'insertorupdatecommandentity',
            'updatecommandentitystatus', 'getcommandentitybycommandentityid', 'getallfromcommandentities',
            'getcommandentitiesbyparentcmdid', 'deletecommandentity', 'deletecommandentitiesolderthandate'))
), readers AS (
    SELECT t.object, m.name AS column
    FROM texts t
    JOIN moved m ON t.body ~ ('\m' || m.name || '\M')
    WHERE t.body ~ '\masync_tasks\M'
), reasons (priority, subject, reason, hint) AS (
    SELECT 1, d.object, format('%s depends on column %s of async_tasks', d.object, string_agg(d.column, ', ' ORDER BY d.column)),
        'Drop it before the upgrade and create it again afterwards. What has moved is in the view coco.async_task then.'
    FROM dependants d
    GROUP BY d.object
    UNION ALL
    SELECT 2, r.object, format('%s reads column %s of async_tasks, which moves', r.object, string_agg(r.column, ', ' ORDER BY r.column)),
        'Drop it before the upgrade and create it again afterwards. Let it read the view coco.async_task then.'
    FROM readers r
    GROUP BY r.object
    UNION ALL
    SELECT DISTINCT 3, o.object, format('%s inherits from async_tasks or has a column of its row type', o.object),
        'Drop it before the upgrade and create it again afterwards.'
    FROM (
        SELECT a.attrelid::regclass::text AS object
        FROM tasks
        JOIN pg_catalog.pg_type t ON t.typrelid = tasks.oid
        JOIN pg_catalog.pg_attribute a ON a.atttypid IN (t.oid, t.typarray) AND NOT a.attisdropped
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind NOT IN ('v', 'i')
        UNION ALL
        SELECT i.inhrelid::regclass::text FROM tasks JOIN pg_catalog.pg_inherits i ON i.inhparent = tasks.oid
    ) AS o
    WHERE EXISTS (SELECT 1 FROM moved)
    UNION ALL
    SELECT 4, 'table async_tasks', 'async_tasks inherits from another table or is made from a type, which keeps its columns from moving',
        'Make it a table of its own before the upgrade (ALTER TABLE async_tasks NO INHERIT, NOT OF or DETACH PARTITION).'
    FROM tasks
    WHERE EXISTS (SELECT 1 FROM moved)
        AND (tasks.reloftype <> 0 OR EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE i.inhrelid = tasks.oid))
    UNION ALL
    -- A row that the table's owner does not see would be lost.
    SELECT 5, 'table async_tasks', 'async_tasks forces row-level security on its owner, who would not see and copy every row',
        'ALTER TABLE public.async_tasks NO FORCE ROW LEVEL SECURITY for the time of the upgrade.'
    FROM tasks
    WHERE tasks.relrowsecurity AND tasks.relforcerowsecurity
)
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject, r.reason

-- coco:end
    LOOP
        RAISE EXCEPTION '%', v_refusal.reason USING ERRCODE = 'CO001', HINT = v_refusal.hint;
    END LOOP;
    FOR v_refusal IN
-- coco:query procedures.sql

-- Procedures that are still to be replaced and cannot be: each must be there once, with the engine's arguments, and nothing may hang
-- on it. Writers are replaced until the end, getters until the procedures of command_entities are there.
WITH replaced (name, is_getter, arguments) AS (VALUES
    ('insertasync_tasks', false, 'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, '
        'uuid, uuid, uuid, timestamp with time zone, uuid, integer'),
    ('updateasync_tasks', false, 'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, '
        'uuid, uuid, uuid, uuid'),
    ('insertorupdateasynctasks', false, 'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, '
        'uuid, uuid, uuid, timestamp with time zone, uuid, integer'),
    ('getallfromasync_tasks', true, ''),
    ('getasync_tasksbytask_id', true, 'uuid'),
    ('getasynctasksbyentityid', true, 'uuid'),
    ('getasynctasksbyvdsmtaskid', true, 'uuid'),
    ('fn_db_get_async_tasks', true, '')
), present AS (
    SELECT p.oid, r.name, r.arguments, p.prokind,
        format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS signature,
        oidvectortypes(p.proargtypes) = r.arguments AS fits,
        count(*) OVER (PARTITION BY r.name) AS namesakes,
        bool_or(oidvectortypes(p.proargtypes) = r.arguments) OVER (PARTITION BY r.name) AS one_fits
    FROM replaced r
    JOIN pg_catalog.pg_namespace n ON n.nspname = 'public'
    JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid AND p.proname = r.name
    WHERE to_regclass('public.async_tasks') IS NOT NULL
        AND NOT (r.is_getter AND to_regnamespace('coco') IS NOT NULL AND EXISTS (
            SELECT 1 FROM pg_catalog.pg_proc k WHERE k.pronamespace = n.oid AND k.proname = 'insertcommandentity'))
), reasons (priority, subject, reason, hint) AS (
    SELECT 1, format('procedure %s', p.signature),
        format('procedure %s has other arguments than the engine''s (%s)', p.name, p.arguments),
        'Put the engine''s own procedure back, then run the same command again.'
    FROM present p
    WHERE NOT p.one_fits
    UNION ALL
    SELECT 2, format('procedure %s', p.signature),
        format('procedure %s has overloads: the engine could not tell them apart', p.name),
        format('Drop the overload that is not the engine''s, %s, then run the same command again.', p.signature)
    FROM present p
    WHERE p.namesakes > 1 AND p.one_fits AND NOT p.fits
    UNION ALL
    SELECT 3, format('procedure %s', p.signature), format('%s is an aggregate or was made with CREATE PROCEDURE, unlike the engine''s', p.signature),
        'Put the engine''s own function back, then run the same command again.'
    FROM present p
    WHERE p.fits AND p.prokind <> 'f'
    UNION ALL
    SELECT DISTINCT 4, o.object, format('%s depends on procedure %s, which is replaced', o.object, p.signature),
        'Drop it before the upgrade and create it again afterwards.'
    FROM present p
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.refobjid = p.oid AND d.deptype = 'n'
    CROSS JOIN LATERAL (SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS object) AS o
    WHERE p.fits
)
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject, r.reason

-- coco:end
    LOOP
        RAISE EXCEPTION '%', v_refusal.reason USING ERRCODE = 'CO001', HINT = v_refusal.hint;
    END LOOP;
    FOR v_refusal IN
-- coco:query names.sql

-- Procedures that stand where coco creates its own, or that the engine would take for them: it finds procedures by name in every schema.
WITH known (name, is_new) AS (
    SELECT n.name, true
    FROM unnest(ARRAY['insertcommandentity', 'updatecommandentity', 'insertorupdatecommandentity', 'updatecommandentitystatus',
        'getcommandentitybycommandentityid', 'getallfromcommandentities', 'getcommandentitiesbyparentcmdid',
        'deletecommandentity', 'deletecommandentitiesolderthandate']) AS n(name)
    UNION ALL
    SELECT n.name, to_regclass('public.async_tasks') IS NULL -- an empty database gets these too
    FROM unnest(ARRAY['insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks', 'deleteasync_tasks',
        'deleteasynctasksbyvdsmtaskid', 'getallfromasync_tasks', 'getasync_tasksbytask_id', 'getasynctasksbyentityid',
        'getasynctasksbyvdsmtaskid', 'getasynctasksbystoragepoolid', 'getasynctasksidsbyentityid',
        'getasynctaskentitiesbytaskid', 'insertasynctaskentities', 'fn_db_get_async_tasks']) AS n(name)
), reasons (priority, subject, reason, hint) AS (
    SELECT 1, o.object, format('%s is already there, under a name of a procedure that coco installs', o.object),
        'Drop or rename it if nothing needs it, then run the same command again.'
    FROM known k
    JOIN pg_catalog.pg_proc p ON p.proname = k.name AND p.pronamespace = to_regnamespace('public')
    CROSS JOIN LATERAL (SELECT pg_describe_object('pg_catalog.pg_proc'::regclass, p.oid, 0) AS object) AS o
    WHERE k.is_new
    UNION ALL
    SELECT 2, o.object, format('%s has the name of one of the engine''s procedures, which the engine looks for in every schema', o.object),
        'Drop or rename it, then run the same command again.'
    FROM known k
    JOIN pg_catalog.pg_proc p ON p.proname = k.name
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND n.nspname <> 'public' AND n.nspname !~ '^pg_'
    CROSS JOIN LATERAL (SELECT pg_describe_object('pg_catalog.pg_proc'::regclass, p.oid, 0) AS object) AS o
)
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject

-- coco:end
    LOOP
        RAISE EXCEPTION '%', v_refusal.reason USING ERRCODE = 'CO001', HINT = v_refusal.hint;
    END LOOP;
    FOR v_refusal IN
-- coco:query objects.sql

-- Indexes, types and triggers that stand where coco creates its own.
WITH reasons (priority, subject, reason, hint) AS (
    SELECT 1, o.object, format('%s is already there, under a name that coco needs for an index', o.object),
        'Rename it, then run the same command again.'
    FROM pg_catalog.pg_class c
    CROSS JOIN LATERAL (SELECT pg_describe_object('pg_catalog.pg_class'::regclass, c.oid, 0) AS object) AS o
    WHERE c.relnamespace = to_regnamespace('public')
        AND c.relname IN ('pk_command_entities', 'idx_parent_command_id', 'idx_root_command_id', 'idx_command_entities_unfinished')
    UNION ALL
    SELECT 2, o.object, format('%s is already there, under a name that coco needs for itself', o.object),
        'Rename it, then run the same command again.'
    FROM pg_catalog.pg_type t
    CROSS JOIN LATERAL (SELECT pg_describe_object('pg_catalog.pg_type'::regclass, t.oid, 0) AS object) AS o
    WHERE t.typnamespace = to_regnamespace('public')
        AND (t.typname = 'command_entities'
            OR t.typname IN ('iduuidtype', 'async_tasks_info_rs') AND to_regclass('public.async_tasks') IS NULL)
    UNION ALL
    SELECT 3, o.object, format('%s is already there, under a name that coco needs for its own', o.object),
        'Drop it if it is left over from an upgrade, else rename it; then run the same command again.'
    FROM pg_catalog.pg_trigger t
    CROSS JOIN LATERAL (SELECT pg_describe_object('pg_catalog.pg_trigger'::regclass, t.oid, 0) AS object) AS o
    WHERE t.tgrelid = to_regclass('public.async_tasks') AND t.tgname IN
        ('coco_log_tasks', 'coco_log_tasks_truncate', 'coco_release', 'coco_release_truncate', 'coco_release_update')
)
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject

-- coco:end
    LOOP
        RAISE EXCEPTION '%', v_refusal.reason USING ERRCODE = 'CO001', HINT = v_refusal.hint;
    END LOOP;
    FOR v_refusal IN
-- coco:query privileges.sql

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
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject, r.reason

-- coco:end
    LOOP
        RAISE EXCEPTION '%', v_refusal.reason USING ERRCODE = 'CO001', HINT = v_refusal.hint;
    END LOOP;
END;
$adopt$;

CREATE TABLE IF NOT EXISTS public.async_tasks (
    task_id uuid NOT NULL,
    action_type integer NOT NULL,
    status integer NOT NULL,
    result integer NOT NULL,
    action_parameters text,
    action_params_class varchar(256),
    step_id uuid,
    command_id uuid NOT NULL,
    started_at timestamp with time zone,
    storage_pool_id uuid,
    task_type integer NOT NULL DEFAULT 0,
    task_parameters text,
    task_params_class varchar(256),
    vdsm_task_id uuid,
    root_command_id uuid,
    CONSTRAINT pk_async_tasks PRIMARY KEY (task_id)
);

CREATE TABLE IF NOT EXISTS public.async_tasks_entities (
    async_task_id uuid NOT NULL,
    entity_id uuid NOT NULL,
    entity_type varchar(128),
    CONSTRAINT fk_async_task_entity FOREIGN KEY (async_task_id) REFERENCES public.async_tasks (task_id) ON DELETE CASCADE
);

-- Only an empty database lacks the engine's procedures here: any other was refused above.
DO $create$
BEGIN
    IF to_regproc('public.insertasynctaskentities') IS NOT NULL THEN
        RETURN;
    END IF;
    CREATE INDEX idx_vdsm_task_id ON public.async_tasks (vdsm_task_id);
    EXECUTE $engine$
-- coco:include engine_types.sql

-- Types that procedures of the engine return. coco creates them on an empty database only.

CREATE TYPE public.iduuidtype AS (
    id uuid
);

CREATE TYPE public.async_tasks_info_rs AS (
    dc_id uuid,
    dc_name varchar,
    spm_host_id uuid,
    spm_host_name varchar,
    task_count integer
);

-- coco:end
-- coco:include engine.sql

-- The engine's procedures on async_tasks_entities and the ids of async_tasks. coco leaves them as it finds them; on an empty
-- database it creates them. The upserts stay check-then-insert where the engine's table has no unique key.

CREATE FUNCTION public.InsertAsyncTaskEntities(v_task_id uuid, v_entity_id uuid, v_entity_type varchar(128)) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    INSERT INTO public.async_tasks_entities (async_task_id, entity_id, entity_type)
    SELECT v_task_id, v_entity_id, v_entity_type
    WHERE NOT EXISTS (
        SELECT 1 FROM public.async_tasks_entities WHERE async_task_id = v_task_id AND entity_id = v_entity_id
    );
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTasksIdsByEntityId(v_entity_id uuid) RETURNS SETOF public.iduuidtype
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT async_task_id FROM public.async_tasks_entities WHERE entity_id = v_entity_id;
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTaskEntitiesByTaskId(v_task_id uuid) RETURNS SETOF public.async_tasks_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM public.async_tasks_entities WHERE async_task_id = v_task_id;
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTasksByStoragePoolId(v_storage_pool_id uuid) RETURNS SETOF public.iduuidtype
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT task_id FROM public.async_tasks WHERE storage_pool_id = v_storage_pool_id;
END;
$procedure$;

CREATE FUNCTION public.Deleteasync_tasks(v_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_deleted integer;
BEGIN
    DELETE FROM public.async_tasks WHERE task_id = v_task_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$procedure$;

CREATE FUNCTION public.DeleteAsyncTasksByVdsmTaskId(v_vdsm_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_deleted integer;
BEGIN
    DELETE FROM public.async_tasks WHERE vdsm_task_id = v_vdsm_task_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$procedure$;

-- coco:end
$engine$;
END;
$create$;
