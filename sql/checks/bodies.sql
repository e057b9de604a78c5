-- The procedures of the engine that are still to be replaced, by their bodies: bodies.txt knows the engine's own.
SELECT p.proname::text AS name, format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS signature, md5(p.prosrc) AS md5
FROM pg_catalog.pg_proc p
WHERE p.pronamespace = to_regnamespace('public')
    AND p.proname IN ('insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks', 'getallfromasync_tasks',
        'getasync_tasksbytask_id', 'getasynctasksbyentityid', 'getasynctasksbyvdsmtaskid', 'fn_db_get_async_tasks')
    AND NOT EXISTS ( -- what coco has put in its place
        SELECT 1 FROM pg_catalog.pg_proc k
        WHERE k.pronamespace = to_regnamespace('coco') AND k.proname ~ '^v[0-9]+_' AND substr(k.proname, strpos(k.proname, '_') + 1) = p.proname)
ORDER BY p.proname, 2;
