-- What helps but is not needed, and what works differently after the upgrade.
WITH me AS (
    SELECT r.oid, quote_ident(r.rolname) AS name FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
), advice (priority, severity, subject, reason, hint) AS (
    SELECT 1, 'warning', format('function %s', p.oid::regprocedure),
        format('function %s returns rows of async_tasks: after contract they lack the columns that have moved', p.oid::regprocedure),
        'Where they are needed, let it return rows of the view coco.async_task after the upgrade.'
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_proc p ON p.prorettype = c.reltype
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace AND n.nspname <> 'coco'
    WHERE c.oid = to_regclass('public.async_tasks')
        AND EXISTS (
            SELECT 1 FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = 'action_parameters' AND NOT a.attisdropped)
        AND NOT (n.nspname = 'public' AND p.proname IN ('getallfromasync_tasks', 'getasync_tasksbytask_id',
            'getasynctasksbyentityid', 'getasynctasksbyvdsmtaskid'))
    UNION ALL
    SELECT 2, 'warning', format('database %s', current_database()),
        format('role %s lacks TEMPORARY on database %I: going up does not need it, going back does', me.name, current_database()),
        format('GRANT TEMPORARY ON DATABASE %I TO %s', current_database(), me.name)
    FROM me
    WHERE NOT has_database_privilege(me.oid, current_database(), 'TEMPORARY')
    UNION ALL
    SELECT 3, 'warning', 'table schema_migrations',
        format('table schema_migrations belongs to role %s: the last step back drops it, which role %s may not', o.name, me.name),
        format('GRANT %s TO %s', o.name, me.name)
    FROM me
    JOIN pg_catalog.pg_class c ON c.oid = to_regclass('public.schema_migrations')
    CROSS JOIN LATERAL (SELECT quote_ident(pg_get_userbyid(c.relowner)) AS name) AS o
    WHERE NOT pg_has_role(me.oid, c.relowner, 'USAGE')
    UNION ALL
    SELECT 4, 'note', format('role %s', me.name),
        'what the sessions of other roles do cannot be seen: their transactions read "unknown"',
        format('GRANT pg_monitor TO %s', me.name)
    FROM me
    WHERE NOT pg_has_role(me.oid, 'pg_read_all_stats', 'USAGE')
)
SELECT a.severity, a.subject, a.reason, a.hint FROM advice a ORDER BY a.priority, a.subject;
