-- The procedures of async_tasks as they are after the upgrade. A task names its command; the command's own values live in
-- command_entities.

-- section getters
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

-- section summary
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

-- section writers

CREATE FUNCTION public.Insertasync_tasks(
    v_action_type integer,
    v_result integer,
    v_status integer,
    v_vdsm_task_id uuid,
    v_task_id uuid,
    v_step_id uuid,
    v_command_id uuid,
    v_started_at timestamptz,
    v_storage_pool_id uuid,
    v_async_task_type integer
) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    INSERT INTO public.async_tasks (task_id, action_type, status, result, step_id, command_id, started_at,
        storage_pool_id, task_type, vdsm_task_id)
    VALUES (v_task_id, v_action_type, v_status, v_result, v_step_id, v_command_id, v_started_at,
        v_storage_pool_id, v_async_task_type, v_vdsm_task_id);
END;
$procedure$;

CREATE FUNCTION public.Updateasync_tasks(
    v_action_type integer,
    v_result integer,
    v_status integer,
    v_vdsm_task_id uuid,
    v_task_id uuid,
    v_step_id uuid,
    v_command_id uuid,
    v_storage_pool_id uuid
) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    UPDATE public.async_tasks SET
        action_type = v_action_type,
        result = v_result,
        status = v_status,
        step_id = v_step_id,
        command_id = v_command_id,
        vdsm_task_id = v_vdsm_task_id,
        storage_pool_id = v_storage_pool_id
    WHERE task_id = v_task_id;
END;
$procedure$;

CREATE FUNCTION public.InsertOrUpdateAsyncTasks(
    v_action_type integer,
    v_result integer,
    v_status integer,
    v_vdsm_task_id uuid,
    v_task_id uuid,
    v_step_id uuid,
    v_command_id uuid,
    v_started_at timestamptz,
    v_storage_pool_id uuid,
    v_async_task_type integer
) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    INSERT INTO public.async_tasks (task_id, action_type, status, result, step_id, command_id, started_at,
        storage_pool_id, task_type, vdsm_task_id)
    VALUES (v_task_id, v_action_type, v_status, v_result, v_step_id, v_command_id, v_started_at,
        v_storage_pool_id, v_async_task_type, v_vdsm_task_id)
    ON CONFLICT (task_id) DO UPDATE SET
        -- What an update of the engine never touches: started_at and task_type.
        action_type = excluded.action_type,
        result = excluded.result,
        status = excluded.status,
        step_id = excluded.step_id,
        command_id = excluded.command_id,
        vdsm_task_id = excluded.vdsm_task_id,
        storage_pool_id = excluded.storage_pool_id;
END;
$procedure$;
