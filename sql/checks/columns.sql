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
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject, r.reason;
