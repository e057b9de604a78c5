-- The fifteen functions of engine 3.4 that touch async_tasks, and three that do not. Names, arguments, results and
-- volatility are the engine's, and so is what they do. The bodies name no schema, because the engine's do not.

-- ---- writers ----

CREATE FUNCTION public.insertasync_tasks(
    v_action_type         integer,
    v_result              integer,
    v_status              integer,
    v_vdsm_task_id        uuid,
    v_task_id             uuid,
    v_action_parameters   text,
    v_action_params_class character varying,
    v_task_parameters     text,
    v_task_params_class   character varying,
    v_step_id             uuid,
    v_command_id          uuid,
    v_root_command_id     uuid,
    v_started_at          timestamp with time zone,
    v_storage_pool_id     uuid,
    v_async_task_type     integer
) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    INSERT INTO async_tasks (
        task_id, vdsm_task_id, status, result, task_type, started_at, storage_pool_id, step_id,
        command_id, task_parameters, task_params_class,
        root_command_id, action_type, action_parameters, action_params_class
    ) VALUES (
        v_task_id, v_vdsm_task_id, v_status, v_result, v_async_task_type, v_started_at, v_storage_pool_id, v_step_id,
        v_command_id, v_task_parameters, v_task_params_class,
        v_root_command_id, v_action_type, v_action_parameters, v_action_params_class
    );
END
$body$;

-- When a task began and what kind of task it is never change.
CREATE FUNCTION public.updateasync_tasks(
    v_action_type         integer,
    v_result              integer,
    v_status              integer,
    v_vdsm_task_id        uuid,
    v_task_id             uuid,
    v_action_parameters   text,
    v_action_params_class character varying,
    v_task_parameters     text,
    v_task_params_class   character varying,
    v_step_id             uuid,
    v_command_id          uuid,
    v_root_command_id     uuid,
    v_storage_pool_id     uuid
) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    UPDATE async_tasks AS task
       SET (vdsm_task_id, status, result, storage_pool_id, step_id)
             = (v_vdsm_task_id, v_status, v_result, v_storage_pool_id, v_step_id),
           (command_id, task_parameters, task_params_class)
             = (v_command_id, v_task_parameters, v_task_params_class),
           (root_command_id, action_type, action_parameters, action_params_class)
             = (v_root_command_id, v_action_type, v_action_parameters, v_action_params_class)
     WHERE task.task_id = v_task_id;
END
$body$;

-- Looks first and writes then, with nothing in between to stop a second writer: the engine's own habit.
CREATE FUNCTION public.insertorupdateasynctasks(
    v_action_type         integer,
    v_result              integer,
    v_status              integer,
    v_vdsm_task_id        uuid,
    v_task_id             uuid,
    v_action_parameters   text,
    v_action_params_class character varying,
    v_task_parameters     text,
    v_task_params_class   character varying,
    v_step_id             uuid,
    v_command_id          uuid,
    v_root_command_id     uuid,
    v_started_at          timestamp with time zone,
    v_storage_pool_id     uuid,
    v_async_task_type     integer
) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    IF EXISTS (SELECT FROM async_tasks AS task WHERE task.task_id = v_task_id) THEN
        PERFORM updateasync_tasks(
            v_action_type, v_result, v_status, v_vdsm_task_id, v_task_id,
            v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class,
            v_step_id, v_command_id, v_root_command_id, v_storage_pool_id);
    ELSE
        PERFORM insertasync_tasks(
            v_action_type, v_result, v_status, v_vdsm_task_id, v_task_id,
            v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class,
            v_step_id, v_command_id, v_root_command_id, v_started_at, v_storage_pool_id, v_async_task_type);
    END IF;
END
$body$;

CREATE FUNCTION public.insertasynctaskentities(
    v_task_id     uuid,
    v_entity_id   uuid,
    v_entity_type character varying
) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    PERFORM 1 FROM async_tasks_entities AS link WHERE link.async_task_id = v_task_id AND link.entity_id = v_entity_id;
    IF NOT FOUND THEN
        INSERT INTO async_tasks_entities (async_task_id, entity_id, entity_type)
        VALUES (v_task_id, v_entity_id, v_entity_type);
    END IF;
END
$body$;

CREATE FUNCTION public.deleteasync_tasks(v_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $body$
DECLARE
    gone integer;
BEGIN
    DELETE FROM async_tasks AS task WHERE task.task_id = v_task_id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$body$;

CREATE FUNCTION public.deleteasynctasksbyvdsmtaskid(v_vdsm_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $body$
DECLARE
    gone integer;
BEGIN
    DELETE FROM async_tasks AS task WHERE task.vdsm_task_id = v_vdsm_task_id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$body$;

-- ---- getters of whole tasks ----

CREATE FUNCTION public.getallfromasync_tasks() RETURNS SETOF public.async_tasks
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM async_tasks;
END
$body$;

CREATE FUNCTION public.getasync_tasksbytask_id(v_task_id uuid) RETURNS SETOF public.async_tasks
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM async_tasks AS task WHERE task.task_id = v_task_id;
END
$body$;

CREATE FUNCTION public.getasynctasksbyvdsmtaskid(v_vdsm_task_id uuid) RETURNS SETOF public.async_tasks
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM async_tasks AS task WHERE task.vdsm_task_id = v_vdsm_task_id;
END
$body$;

-- A task linked twice to the entity is returned twice.
CREATE FUNCTION public.getasynctasksbyentityid(v_entity_id uuid) RETURNS SETOF public.async_tasks
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY
    SELECT task.*
    FROM async_tasks_entities AS link
    INNER JOIN async_tasks AS task ON task.task_id = link.async_task_id
    WHERE link.entity_id = v_entity_id;
END
$body$;

-- ---- getters of ids and links ----

CREATE FUNCTION public.getasynctasksbystoragepoolid(v_storage_pool_id uuid) RETURNS SETOF public.iduuidtype
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT task.task_id FROM async_tasks AS task WHERE task.storage_pool_id = v_storage_pool_id;
END
$body$;

CREATE FUNCTION public.getasynctasksidsbyentityid(v_entity_id uuid) RETURNS SETOF public.iduuidtype
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT link.async_task_id FROM async_tasks_entities AS link WHERE link.entity_id = v_entity_id;
END
$body$;

CREATE FUNCTION public.getasynctaskentitiesbytaskid(v_task_id uuid) RETURNS SETOF public.async_tasks_entities
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM async_tasks_entities AS link WHERE link.async_task_id = v_task_id;
END
$body$;

-- ---- start-up cleaning and support ----

-- NOT IN is safe here: step.job_id is never NULL, and a task without a step matches no step.
CREATE FUNCTION public.deleterunningjobsoftasklesscommands() RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    DELETE FROM job
    WHERE job.status = 'STARTED'
      AND job.action_type IN ('RunVm', 'RunVmOnce', 'MigrateVm', 'MigrateVmToServer')
      AND job.job_id NOT IN (
          SELECT s.job_id FROM step AS s WHERE s.step_id IN (SELECT task.step_id FROM async_tasks AS task));

    DELETE FROM job
    WHERE job.job_id IN (SELECT s.job_id FROM step AS s WHERE s.step_type = 'MIGRATE_VM' AND s.status = 'STARTED');
END
$body$;

-- One row per pool that occurs in async_tasks. The count is that of the tasks whose action parameters mention the
-- pool, not of those that belong to it; for the NULL pool it is 0.
CREATE FUNCTION public.fn_db_get_async_tasks() RETURNS SETOF public.async_tasks_info_rs
LANGUAGE plpgsql STABLE
AS $body$
DECLARE
    info async_tasks_info_rs;
BEGIN
    FOR info.dc_id IN SELECT DISTINCT task.storage_pool_id FROM async_tasks AS task LOOP
        SELECT dc.name, dc.spm_vds_id INTO info.dc_name, info.spm_host_id
        FROM storage_pool AS dc
        WHERE dc.id = info.dc_id;

        info.spm_host_name := '';
        IF info.spm_host_id IS NOT NULL THEN
            info.spm_host_name := (SELECT host.vds_name FROM vds_static AS host WHERE host.vds_id = info.spm_host_id);
        END IF;

        info.task_count := (
            SELECT count(*) FROM async_tasks AS task
            WHERE strpos(task.action_parameters, info.dc_id::text) > 0);
        RETURN NEXT info;
    END LOOP;
END
$body$;

-- ---- functions that have nothing to do with tasks ----

CREATE FUNCTION public.getvdcoptionbyname(
    v_option_name character varying,
    v_version     character varying
) RETURNS SETOF public.vdc_options
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY
    SELECT opt.* FROM vdc_options AS opt WHERE opt.version = v_version AND opt.option_name = v_option_name;
END
$body$;

CREATE FUNCTION public.getjobbyjobid(v_job_id uuid) RETURNS SETOF public.job
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT j.* FROM job AS j WHERE j.job_id = v_job_id;
END
$body$;

CREATE FUNCTION public.deletejob(v_job_id uuid) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    DELETE FROM job AS j WHERE j.job_id = v_job_id;
END
$body$;
