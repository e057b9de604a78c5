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
SELECT r.subject, r.reason, r.hint FROM reasons r ORDER BY r.priority, r.subject, r.reason;
