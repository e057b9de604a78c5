-- An upgrade as one might write it at first: copy, drop the columns, replace the procedures one after the other. Alone on the database it
-- loses nothing. Each part is a transaction; the marker lines divide them.

CREATE TABLE moved_values AS
SELECT task_id, root_command_id, action_parameters, action_params_class, task_parameters, task_params_class FROM async_tasks;
ALTER TABLE moved_values ADD PRIMARY KEY (task_id);

-- part
ALTER TABLE async_tasks
    DROP COLUMN root_command_id,
    DROP COLUMN action_parameters,
    DROP COLUMN action_params_class,
    DROP COLUMN task_parameters,
    DROP COLUMN task_params_class;

-- part
CREATE VIEW whole_tasks AS
SELECT t.task_id, t.action_type, t.status, t.result, m.action_parameters, m.action_params_class, t.step_id, t.command_id,
    t.started_at, t.storage_pool_id, t.task_type, m.task_parameters, m.task_params_class, t.vdsm_task_id, m.root_command_id
FROM async_tasks AS t LEFT JOIN moved_values AS m ON m.task_id = t.task_id;

-- part
DROP FUNCTION insertasync_tasks(integer, integer, integer, uuid, uuid, text, varchar, text, varchar, uuid, uuid, uuid, timestamptz, uuid,
    integer);

-- part
CREATE FUNCTION insertasync_tasks(v_action_type integer, v_result integer, v_status integer, v_vdsm_task_id uuid, v_task_id uuid,
    v_action_parameters text, v_action_params_class varchar, v_task_parameters text, v_task_params_class varchar, v_step_id uuid,
    v_command_id uuid, v_root_command_id uuid, v_started_at timestamptz, v_storage_pool_id uuid, v_async_task_type integer) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    INSERT INTO async_tasks (task_id, action_type, status, result, step_id, command_id, started_at, storage_pool_id, task_type,
        vdsm_task_id)
    VALUES (v_task_id, v_action_type, v_status, v_result, v_step_id, v_command_id, v_started_at, v_storage_pool_id,
        v_async_task_type, v_vdsm_task_id);
    DELETE FROM moved_values WHERE task_id = v_task_id;
    INSERT INTO moved_values VALUES (v_task_id, v_root_command_id, v_action_parameters, v_action_params_class, v_task_parameters,
        v_task_params_class);
END;
$body$;

-- part
DROP FUNCTION updateasync_tasks(integer, integer, integer, uuid, uuid, text, varchar, text, varchar, uuid, uuid, uuid, uuid);

-- part
CREATE FUNCTION updateasync_tasks(v_action_type integer, v_result integer, v_status integer, v_vdsm_task_id uuid, v_task_id uuid,
    v_action_parameters text, v_action_params_class varchar, v_task_parameters text, v_task_params_class varchar, v_step_id uuid,
    v_command_id uuid, v_root_command_id uuid, v_storage_pool_id uuid) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    UPDATE async_tasks SET (action_type, status, result, step_id, command_id, storage_pool_id, vdsm_task_id)
        = (v_action_type, v_status, v_result, v_step_id, v_command_id, v_storage_pool_id, v_vdsm_task_id)
    WHERE task_id = v_task_id;
    UPDATE moved_values SET (root_command_id, action_parameters, action_params_class, task_parameters, task_params_class)
        = (v_root_command_id, v_action_parameters, v_action_params_class, v_task_parameters, v_task_params_class)
    WHERE task_id = v_task_id;
END;
$body$;

-- part
DROP FUNCTION getasync_tasksbytask_id(uuid);

-- part
CREATE FUNCTION getasync_tasksbytask_id(v_task_id uuid) RETURNS SETOF whole_tasks
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM whole_tasks AS t WHERE t.task_id = v_task_id;
END;
$body$;

-- part
DROP FUNCTION getasynctasksbyvdsmtaskid(uuid);

-- part
CREATE FUNCTION getasynctasksbyvdsmtaskid(v_vdsm_task_id uuid) RETURNS SETOF whole_tasks
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM whole_tasks AS t WHERE t.vdsm_task_id = v_vdsm_task_id;
END;
$body$;

-- part
DROP FUNCTION getasynctasksbyentityid(uuid);

-- part
CREATE FUNCTION getasynctasksbyentityid(v_entity_id uuid) RETURNS SETOF whole_tasks
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT t.* FROM async_tasks_entities AS l JOIN whole_tasks AS t ON t.task_id = l.async_task_id
    WHERE l.entity_id = v_entity_id;
END;
$body$;

-- part
DROP FUNCTION getallfromasync_tasks();

-- part
CREATE FUNCTION getallfromasync_tasks() RETURNS SETOF whole_tasks
LANGUAGE plpgsql STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM whole_tasks;
END;
$body$;
