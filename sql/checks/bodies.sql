-- The procedures of the engine that the switch phase is going to replace, by their bodies: bodies.txt knows the engine's own.
SELECT p.proname::text AS name, format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS signature, md5(p.prosrc) AS md5
FROM pg_catalog.pg_proc p
WHERE p.pronamespace = to_regnamespace('public')
    AND p.proname IN ('insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks', 'getallfromasync_tasks',
        'getasync_tasksbytask_id', 'getasynctasksbyentityid', 'getasynctasksbyvdsmtaskid', 'fn_db_get_async_tasks')
ORDER BY p.proname, 2;
