-- coco:phase switch
-- coco:lock async_tasks ACCESS SHARE
-- Installs writers with the old signatures that name no column that will go, and the procedures of command_entities. From here on
-- command_entities counts.

SELECT coco.require_drained(7);
SELECT coco.require_procedures();
SELECT coco.require_proof(false);
SELECT coco.park(8, 'insertasync_tasks',
    'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, uuid, uuid, uuid, '
    'timestamp with time zone, uuid, integer');
SELECT coco.park(8, 'updateasync_tasks',
    'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, uuid, uuid, uuid, uuid');
SELECT coco.park(8, 'insertorupdateasynctasks',
    'integer, integer, integer, uuid, uuid, text, character varying, text, character varying, uuid, uuid, uuid, '
    'timestamp with time zone, uuid, integer');

-- coco:include transition/switch.sql

-- Writers of the engine's old signatures when command_entities alone counts: they name no column that is about to go.

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
    INSERT INTO public.async_tasks (task_id, action_type, status, result, step_id, command_id, started_at,
        storage_pool_id, task_type, vdsm_task_id)
    VALUES (v_task_id, v_action_type, v_status, v_result, v_step_id, v_command_id, v_started_at,
        v_storage_pool_id, v_async_task_type, v_vdsm_task_id);
    PERFORM coco.record_task(v_task_id, v_action_type, v_vdsm_task_id, v_started_at, v_command_id, v_root_command_id,
        v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class, true);
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
        step_id = v_step_id,
        command_id = v_command_id,
        vdsm_task_id = v_vdsm_task_id,
        storage_pool_id = v_storage_pool_id
    WHERE task_id = v_task_id
    RETURNING started_at INTO v_started_at;
    IF FOUND THEN
        PERFORM coco.record_task(v_task_id, v_action_type, v_vdsm_task_id, v_started_at, v_command_id, v_root_command_id,
            v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class, true);
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
    INSERT INTO public.async_tasks AS t (task_id, action_type, status, result, step_id, command_id, started_at,
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
        storage_pool_id = excluded.storage_pool_id
    RETURNING t.started_at INTO v_stored_started_at;
    PERFORM coco.record_task(v_task_id, v_action_type, v_vdsm_task_id, v_stored_started_at, v_command_id, v_root_command_id,
        v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class, true);
END;
$procedure$;

-- coco:end
-- coco:include command_entities.sql

-- The procedures of command_entities. The engine writes the zero GUID for "none"; the keys of the table want NULL.

CREATE FUNCTION public.InsertCommandEntity(
    v_command_id uuid,
    v_command_type integer,
    v_parent_command_id uuid,
    v_root_command_id uuid,
    v_action_parameters text,
    v_action_parameters_class varchar(256),
    v_created_at timestamptz,
    v_status varchar(20)
) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    IF v_command_id = '00000000-0000-0000-0000-000000000000' THEN
        RAISE EXCEPTION 'the zero GUID is no command id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
        action_parameters, action_parameters_class, created_at, status, finished_at)
    VALUES (
        v_command_id,
        v_command_type,
        NULLIF(v_parent_command_id, '00000000-0000-0000-0000-000000000000'),
        NULLIF(v_root_command_id, '00000000-0000-0000-0000-000000000000'),
        v_action_parameters,
        v_action_parameters_class,
        COALESCE(v_created_at, now()),
        v_status,
        CASE WHEN v_status IN ('SUCCEEDED', 'FAILED', 'FAILED_RESTARTED') THEN now() END
    );
END;
$procedure$;

CREATE FUNCTION public.UpdateCommandEntity(
    v_command_id uuid,
    v_command_type integer,
    v_parent_command_id uuid,
    v_root_command_id uuid,
    v_action_parameters text,
    v_action_parameters_class varchar(256),
    v_status varchar(20)
) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_before public.command_entities;
    v_parent CONSTANT uuid := NULLIF(v_parent_command_id, '00000000-0000-0000-0000-000000000000');
    v_root CONSTANT uuid := NULLIF(v_root_command_id, '00000000-0000-0000-0000-000000000000');
    v_values boolean;
    v_links boolean;
BEGIN
    SELECT * INTO v_before FROM public.command_entities WHERE command_id = v_command_id FOR NO KEY UPDATE;
    UPDATE public.command_entities SET
        command_type = v_command_type,
        parent_command_id = v_parent,
        root_command_id = v_root,
        action_parameters = v_action_parameters,
        action_parameters_class = v_action_parameters_class,
        status = v_status,
        finished_at = CASE WHEN v_status IN ('SUCCEEDED', 'FAILED', 'FAILED_RESTARTED') THEN COALESCE(finished_at, now()) END
    WHERE command_id = v_command_id;
    -- Tasks from before the upgrade may keep texts of their own; from now on they follow their command.
    v_values := (v_before.action_parameters, v_before.action_parameters_class)
        IS DISTINCT FROM (v_action_parameters, v_action_parameters_class);
    v_links := (v_before.parent_command_id, v_before.root_command_id) IS DISTINCT FROM (v_parent, v_root);
    IF v_before.command_id IS NOT NULL AND (v_values OR v_links) THEN
        PERFORM coco.renew_command(v_command_id, v_values, v_links);
    END IF;
END;
$procedure$;

CREATE FUNCTION public.InsertOrUpdateCommandEntity(
    v_command_id uuid,
    v_command_type integer,
    v_parent_command_id uuid,
    v_root_command_id uuid,
    v_action_parameters text,
    v_action_parameters_class varchar(256),
    v_created_at timestamptz,
    v_status varchar(20)
) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    IF v_command_id = '00000000-0000-0000-0000-000000000000' THEN
        RAISE EXCEPTION 'the zero GUID is no command id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Most commands are new: one statement, and nothing declared that only an update needs. A command that is there is updated; one
    -- that goes between the two statements is new again.
    LOOP
        INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
            action_parameters, action_parameters_class, created_at, status, finished_at)
        VALUES (
            v_command_id,
            v_command_type,
            NULLIF(v_parent_command_id, '00000000-0000-0000-0000-000000000000'),
            NULLIF(v_root_command_id, '00000000-0000-0000-0000-000000000000'),
            v_action_parameters,
            v_action_parameters_class,
            COALESCE(v_created_at, now()),
            v_status,
            CASE WHEN v_status IN ('SUCCEEDED', 'FAILED', 'FAILED_RESTARTED') THEN now() END
        )
        ON CONFLICT (command_id) DO NOTHING;
        IF FOUND THEN
            RETURN;
        END IF;
        PERFORM 1 FROM public.command_entities WHERE command_id = v_command_id FOR NO KEY UPDATE;
        IF FOUND THEN
            PERFORM public.UpdateCommandEntity(v_command_id, v_command_type, v_parent_command_id, v_root_command_id,
                v_action_parameters, v_action_parameters_class, v_status);
            RETURN;
        END IF;
    END LOOP;
END;
$procedure$;

CREATE FUNCTION public.UpdateCommandEntityStatus(v_command_id uuid, v_status varchar(20)) RETURNS void
LANGUAGE plpgsql
AS $procedure$
BEGIN
    UPDATE public.command_entities SET
        status = v_status,
        finished_at = CASE WHEN v_status IN ('SUCCEEDED', 'FAILED', 'FAILED_RESTARTED') THEN COALESCE(finished_at, now()) END
    WHERE command_id = v_command_id;
END;
$procedure$;

CREATE FUNCTION public.GetCommandEntityByCommandEntityId(v_command_id uuid) RETURNS SETOF public.command_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM public.command_entities WHERE command_id = v_command_id;
END;
$procedure$;

CREATE FUNCTION public.GetAllFromCommandEntities() RETURNS SETOF public.command_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM public.command_entities;
END;
$procedure$;

CREATE FUNCTION public.GetCommandEntitiesByParentCmdId(v_parent_command_id uuid) RETURNS SETOF public.command_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY SELECT * FROM public.command_entities WHERE parent_command_id = v_parent_command_id;
END;
$procedure$;

-- The keys cascade: deleting a command deletes all below it. None may go that a task still names.
CREATE FUNCTION public.DeleteCommandEntity(v_command_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_task_id uuid;
    v_named uuid;
    v_deleted integer;
BEGIN
    WITH RECURSIVE going(command_id) AS (
        SELECT v_command_id
        UNION
        SELECT e.command_id
        FROM going g
        JOIN public.command_entities e ON e.parent_command_id = g.command_id OR e.root_command_id = g.command_id
    )
    SELECT t.task_id, t.command_id INTO v_task_id, v_named
    FROM going g JOIN coco.task_commands() t ON t.command_id = g.command_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'command % cannot be deleted: task % still needs command %', v_command_id, v_task_id, v_named
            USING ERRCODE = 'foreign_key_violation', HINT = 'Delete the task first.';
    END IF;
    DELETE FROM public.command_entities WHERE command_id = v_command_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$procedure$;

-- A tree goes as a whole or not at all: when its root finished before v_date, every command in it has finished, and no task names
-- any of them. Returns how many commands went. It is one transaction, however many there are; coco.clean_batch needs many short ones.
CREATE FUNCTION public.DeleteCommandEntitiesOlderThanDate(v_date timestamptz) RETURNS integer
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_after uuid;
    v_gone bigint;
    v_deleted bigint := 0;
BEGIN
    LOOP
        SELECT (array_agg(c.command_id) FILTER (WHERE c.outcome = 'next'))[1],
            COALESCE(sum(c.commands) FILTER (WHERE c.outcome = 'removed'), 0)
        INTO v_after, v_gone
        FROM coco.clean_trees(v_date, v_after, 2000, true, false) c;
        v_deleted := v_deleted + v_gone;
        EXIT WHEN v_after IS NULL;
    END LOOP;
    RETURN v_deleted;
END;
$procedure$;

-- coco:end

SELECT coco.share_grants();
SELECT coco.inherit(8, ARRAY['insertasync_tasks', 'updateasync_tasks', 'insertorupdateasynctasks',
    'insertcommandentity', 'updatecommandentity', 'insertorupdatecommandentity', 'updatecommandentitystatus',
    'getcommandentitybycommandentityid', 'getallfromcommandentities', 'getcommandentitiesbyparentcmdid',
    'deletecommandentity', 'deletecommandentitiesolderthandate']);

SELECT coco.forget_choice();
UPDATE coco.state SET version = 8, serves = 'command_entities', served = true;
