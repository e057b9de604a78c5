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
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject;
