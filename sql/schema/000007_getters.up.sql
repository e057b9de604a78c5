-- coco:phase switch
-- coco:lock async_tasks ACCESS SHARE
-- Installs getters that answer from command_entities. Both places are equal by now, so a call that still runs an old body answers the same.

SELECT coco.require_drained(6);
SELECT coco.require_procedures();
SELECT coco.require_proof(false);
SELECT coco.park(7, 'getallfromasync_tasks', '');
SELECT coco.park(7, 'getasync_tasksbytask_id', 'uuid');
SELECT coco.park(7, 'getasynctasksbyentityid', 'uuid');
SELECT coco.park(7, 'getasynctasksbyvdsmtaskid', 'uuid');
SELECT coco.park(7, 'fn_db_get_async_tasks', '');

-- coco:include async_tasks.sql getters

-- The engine reads result columns by name, so each getter still returns the columns of old, in the order of old. The row type is
-- that of a view: it does not change when columns of async_tasks go.

CREATE FUNCTION public.GetAllFromasync_tasks() RETURNS SETOF coco.async_task
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM coco.async_task;
END;
$procedure$;

CREATE FUNCTION public.Getasync_tasksBytask_id(v_task_id uuid) RETURNS SETOF coco.async_task
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM coco.async_task WHERE task_id = v_task_id;
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTasksByEntityId(v_entity_id uuid) RETURNS SETOF coco.async_task
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY
    SELECT t.*
    FROM public.async_tasks_entities e
    JOIN coco.async_task t ON t.task_id = e.async_task_id
    WHERE e.entity_id = v_entity_id;
END;
$procedure$;

CREATE FUNCTION public.GetAsyncTasksByVdsmTaskId(v_vdsm_task_id uuid) RETURNS SETOF coco.async_task
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM coco.async_task WHERE vdsm_task_id = v_vdsm_task_id;
END;
$procedure$;

-- coco:end
-- coco:include async_tasks.sql summary

-- What the engine's maintenance tools print: tasks for each data center. A task belongs to a data center whose id occurs in its
-- parameters; the text is looked at where it lives now.

CREATE FUNCTION public.fn_db_get_async_tasks() RETURNS SETOF public.async_tasks_info_rs
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    v_info public.async_tasks_info_rs;
BEGIN
    FOR v_info IN
        SELECT pools.id, p.name, p.spm_vds_id,
            CASE WHEN p.spm_vds_id IS NULL THEN '' ELSE (SELECT h.vds_name FROM public.vds_static h
                WHERE h.vds_id = p.spm_vds_id) END,
            (SELECT count(*)::integer FROM coco.async_task t
             WHERE strpos(t.action_parameters, pools.id::text) > 0)
        FROM (SELECT DISTINCT storage_pool_id AS id FROM public.async_tasks) AS pools
        LEFT JOIN public.storage_pool p ON p.id = pools.id
    LOOP
        RETURN NEXT v_info;
    END LOOP;
END;
$procedure$;

-- coco:end

SELECT coco.inherit(7, ARRAY['getallfromasync_tasks', 'getasync_tasksbytask_id', 'getasynctasksbyentityid',
    'getasynctasksbyvdsmtaskid', 'fn_db_get_async_tasks']);
UPDATE coco.state SET version = 7;
