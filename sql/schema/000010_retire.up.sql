-- coco:phase retire
-- coco:lock async_tasks SHARE ROW EXCLUSIVE
-- coco:lock schema_version ACCESS SHARE
-- Installs the procedures without the moved arguments. They are for an engine that keeps its commands in command_entities; an older
-- engine cannot start after this.

SELECT coco.sweep(2147483647);
SELECT coco.require_procedures();
SELECT coco.require_values();

SELECT coco.park(10, 'insertasync_tasks',
    'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, uuid, uuid, uuid, '
    'timestamp with time zone, uuid, integer');
SELECT coco.park(10, 'updateasync_tasks',
    'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, uuid, uuid, uuid, uuid');
SELECT coco.park(10, 'insertorupdateasynctasks',
    'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, uuid, uuid, uuid, '
    'timestamp with time zone, uuid, integer');

-- coco:include async_tasks.sql writers

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

-- coco:end

SELECT coco.inherit(10, ARRAY['insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks']);
-- A task that changes its command no longer has what was kept for it with the one before.
CREATE TRIGGER coco_release_update AFTER UPDATE OF command_id ON public.async_tasks
    FOR EACH ROW WHEN (OLD.command_id IS DISTINCT FROM NEW.command_id) EXECUTE FUNCTION coco.release_task();
ALTER TABLE public.async_tasks ENABLE ALWAYS TRIGGER coco_release_update;
-- From here on a command stays until it is removed. What deletions before this had to leave is looked at for the last time.
SELECT coco.sweep(2147483647);
DELETE FROM coco.to_release;
SELECT coco.forget_choice();
UPDATE coco.state SET version = 10, retired = true;
