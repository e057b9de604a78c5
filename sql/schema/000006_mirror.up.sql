-- coco:phase switch
-- coco:lock async_tasks SHARE ROW EXCLUSIVE
-- Installs writers with the old signatures that keep both places equal. The getters still read async_tasks.

SELECT coco.require_proof(true);
SELECT coco.park(6, 'insertasync_tasks',
    'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, uuid, uuid, uuid, '
    'timestamp with time zone, uuid, integer');
SELECT coco.park(6, 'updateasync_tasks',
    'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, uuid, uuid, uuid, uuid');
SELECT coco.park(6, 'insertorupdateasynctasks',
    'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, uuid, uuid, uuid, '
    'timestamp with time zone, uuid, integer');

-- coco:include transition/mirror.sql

-- Writers of the engine's old signatures while both places count: async_tasks is still read, command_entities is kept equal.

CREATE FUNCTION public.Insertasync_tasks(
    v_action_type integer,
    v_result integer,
    v_status integer,
    v_vdsm_task_id uuid,
    v_task_id uuid,
    v_action_parameters text,
    v_action_params_class varchar(256),
    v_task_parameters text,
    v_task_params_class varchar(256),
    v_step_id uuid,
    v_command_id uuid,
    v_root_command_id uuid,
    v_started_at timestamptz,
    v_storage_pool_id uuid,
    v_async_task_type integer
) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    INSERT INTO public.async_tasks (task_id, action_type, status, result, action_parameters, action_params_class, step_id,
        command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
    VALUES (v_task_id, v_action_type, v_status, v_result, v_action_parameters, v_action_params_class, v_step_id,
        v_command_id, v_started_at, v_storage_pool_id, v_async_task_type, v_task_parameters, v_task_params_class,
        v_vdsm_task_id, v_root_command_id);
    PERFORM coco.record_task(v_task_id, v_action_type, v_vdsm_task_id, v_started_at, v_command_id, v_root_command_id,
        v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class, false);
END;
$procedure$;

CREATE FUNCTION public.Updateasync_tasks(
    v_action_type integer,
    v_result integer,
    v_status integer,
    v_vdsm_task_id uuid,
    v_task_id uuid,
    v_action_parameters text,
    v_action_params_class varchar(256),
    v_task_parameters text,
    v_task_params_class varchar(256),
    v_step_id uuid,
    v_command_id uuid,
    v_root_command_id uuid,
    v_storage_pool_id uuid
) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_started_at timestamptz;
BEGIN
    UPDATE public.async_tasks SET
        action_type = v_action_type,
        result = v_result,
        status = v_status,
        action_parameters = v_action_parameters,
        action_params_class = v_action_params_class,
        task_parameters = v_task_parameters,
        task_params_class = v_task_params_class,
        step_id = v_step_id,
        command_id = v_command_id,
        root_command_id = v_root_command_id,
        vdsm_task_id = v_vdsm_task_id,
        storage_pool_id = v_storage_pool_id
    WHERE task_id = v_task_id
    RETURNING started_at INTO v_started_at;
    IF FOUND THEN
        PERFORM coco.record_task(v_task_id, v_action_type, v_vdsm_task_id, v_started_at, v_command_id, v_root_command_id,
            v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class, false);
    END IF;
END;
$procedure$;

CREATE FUNCTION public.InsertOrUpdateAsyncTasks(
    v_action_type integer,
    v_result integer,
    v_status integer,
    v_vdsm_task_id uuid,
    v_task_id uuid,
    v_action_parameters text,
    v_action_params_class varchar(256),
    v_task_parameters text,
    v_task_params_class varchar(256),
    v_step_id uuid,
    v_command_id uuid,
    v_root_command_id uuid,
    v_started_at timestamptz,
    v_storage_pool_id uuid,
    v_async_task_type integer
) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_stored_started_at timestamptz;
BEGIN
    INSERT INTO public.async_tasks AS t (task_id, action_type, status, result, action_parameters, action_params_class, step_id,
        command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class, vdsm_task_id, root_command_id)
    VALUES (v_task_id, v_action_type, v_status, v_result, v_action_parameters, v_action_params_class, v_step_id,
        v_command_id, v_started_at, v_storage_pool_id, v_async_task_type, v_task_parameters, v_task_params_class,
        v_vdsm_task_id, v_root_command_id)
    ON CONFLICT (task_id) DO UPDATE SET
        -- What an update of the engine never touches: started_at and task_type.
        action_type = excluded.action_type,
        result = excluded.result,
        status = excluded.status,
        action_parameters = excluded.action_parameters,
        action_params_class = excluded.action_params_class,
        task_parameters = excluded.task_parameters,
        task_params_class = excluded.task_params_class,
        step_id = excluded.step_id,
        command_id = excluded.command_id,
        root_command_id = excluded.root_command_id,
        vdsm_task_id = excluded.vdsm_task_id,
        storage_pool_id = excluded.storage_pool_id
    RETURNING t.started_at INTO v_stored_started_at;
    PERFORM coco.record_task(v_task_id, v_action_type, v_vdsm_task_id, v_stored_started_at, v_command_id, v_root_command_id,
        v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class, false);
END;
$procedure$;

-- coco:end

SELECT coco.share_grants();
SELECT coco.inherit(6, ARRAY['insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks']);

SELECT set_config('synchronous_commit', 'off', true); -- as in expand: nobody waits for the disk
-- A task that goes takes along what was kept for it, whoever deletes it.
CREATE TRIGGER coco_release AFTER DELETE ON public.async_tasks
    FOR EACH ROW EXECUTE FUNCTION coco.release_task();
ALTER TABLE public.async_tasks ENABLE ALWAYS TRIGGER coco_release;
CREATE TRIGGER coco_release_truncate AFTER TRUNCATE ON public.async_tasks
    FOR EACH STATEMENT EXECUTE FUNCTION coco.release_task();
ALTER TABLE public.async_tasks ENABLE ALWAYS TRIGGER coco_release_truncate;
UPDATE coco.state SET version = 6;
