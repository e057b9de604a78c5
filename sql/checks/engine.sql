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
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject;
