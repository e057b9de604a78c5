-- What the control workload calls: the same calls as the engine's, on tables that nobody upgrades. The names are no engine's, because
-- tables and procedures are looked up by name in every schema. The bodies name no schema, as the engine's do not.

CREATE TABLE control_rows (
    task_id             uuid NOT NULL PRIMARY KEY,
    action_type         integer NOT NULL,
    status              integer NOT NULL,
    result              integer NOT NULL,
    action_parameters   text,
    action_params_class varchar(256),
    step_id             uuid,
    command_id          uuid NOT NULL,
    started_at          timestamptz,
    storage_pool_id     uuid,
    task_type           integer NOT NULL DEFAULT 0,
    task_parameters     text,
    task_params_class   varchar(256),
    vdsm_task_id        uuid,
    root_command_id     uuid
);

CREATE INDEX ON control_rows (vdsm_task_id);

CREATE TABLE control_links (
    row_id      uuid NOT NULL REFERENCES control_rows ON DELETE CASCADE,
    entity_id   uuid NOT NULL,
    entity_type varchar(128)
);

CREATE FUNCTION control_insert(
    v_action_type integer,
    v_result integer,
    v_status integer,
    v_vdsm_task_id uuid,
    v_task_id uuid,
    v_action_parameters text,
    v_action_params_class varchar,
    v_task_parameters text,
    v_task_params_class varchar,
    v_step_id uuid,
    v_command_id uuid,
    v_root_command_id uuid,
    v_started_at timestamptz,
    v_storage_pool_id uuid,
    v_async_task_type integer
) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    INSERT INTO control_rows
    VALUES (v_task_id, v_action_type, v_status, v_result, v_action_parameters, v_action_params_class, v_step_id, v_command_id,
        v_started_at, v_storage_pool_id, v_async_task_type, v_task_parameters, v_task_params_class, v_vdsm_task_id,
        v_root_command_id);
END;
$body$;

CREATE FUNCTION control_update(
    v_action_type integer,
    v_result integer,
    v_status integer,
    v_vdsm_task_id uuid,
    v_task_id uuid,
    v_action_parameters text,
    v_action_params_class varchar,
    v_task_parameters text,
    v_task_params_class varchar,
    v_step_id uuid,
    v_command_id uuid,
    v_root_command_id uuid,
    v_storage_pool_id uuid
) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    UPDATE control_rows SET
        action_type = v_action_type,
        result = v_result,
        status = v_status,
        vdsm_task_id = v_vdsm_task_id,
        action_parameters = v_action_parameters,
        action_params_class = v_action_params_class,
        task_parameters = v_task_parameters,
        task_params_class = v_task_params_class,
        step_id = v_step_id,
        command_id = v_command_id,
        root_command_id = v_root_command_id,
        storage_pool_id = v_storage_pool_id
    WHERE task_id = v_task_id;
END;
$body$;

CREATE FUNCTION control_save(
    v_action_type integer,
    v_result integer,
    v_status integer,
    v_vdsm_task_id uuid,
    v_task_id uuid,
    v_action_parameters text,
    v_action_params_class varchar,
    v_task_parameters text,
    v_task_params_class varchar,
    v_step_id uuid,
    v_command_id uuid,
    v_root_command_id uuid,
    v_started_at timestamptz,
    v_storage_pool_id uuid,
    v_async_task_type integer
) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    IF EXISTS (SELECT FROM control_rows WHERE task_id = v_task_id) THEN
        PERFORM control_update(v_action_type, v_result, v_status, v_vdsm_task_id, v_task_id, v_action_parameters,
            v_action_params_class, v_task_parameters, v_task_params_class, v_step_id, v_command_id, v_root_command_id,
            v_storage_pool_id);
    ELSE
        PERFORM control_insert(v_action_type, v_result, v_status, v_vdsm_task_id, v_task_id, v_action_parameters,
            v_action_params_class, v_task_parameters, v_task_params_class, v_step_id, v_command_id, v_root_command_id,
            v_started_at, v_storage_pool_id, v_async_task_type);
    END IF;
END;
$body$;

CREATE FUNCTION control_delete(v_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $body$
DECLARE
    v_deleted integer;
BEGIN
    DELETE FROM control_rows WHERE task_id = v_task_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$body$;

CREATE FUNCTION control_delete_by_vdsm(v_vdsm_task_id uuid) RETURNS integer
LANGUAGE plpgsql
AS $body$
DECLARE
    v_deleted integer;
BEGIN
    DELETE FROM control_rows WHERE vdsm_task_id = v_vdsm_task_id;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$body$;

CREATE FUNCTION control_link(v_task_id uuid, v_entity_id uuid, v_entity_type varchar) RETURNS void
LANGUAGE plpgsql
AS $body$
BEGIN
    IF NOT EXISTS (SELECT FROM control_links WHERE row_id = v_task_id AND entity_id = v_entity_id) THEN
        INSERT INTO control_links VALUES (v_task_id, v_entity_id, v_entity_type);
    END IF;
END;
$body$;

CREATE FUNCTION control_find(v_task_id uuid) RETURNS SETOF control_rows
LANGUAGE plpgsql
STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM control_rows WHERE task_id = v_task_id;
END;
$body$;

CREATE FUNCTION control_find_by_entity(v_entity_id uuid) RETURNS SETOF control_rows
LANGUAGE plpgsql
STABLE
AS $body$
BEGIN
    RETURN QUERY
    SELECT r.* FROM control_links AS l JOIN control_rows AS r ON r.task_id = l.row_id WHERE l.entity_id = v_entity_id;
END;
$body$;

CREATE FUNCTION control_find_by_vdsm(v_vdsm_task_id uuid) RETURNS SETOF control_rows
LANGUAGE plpgsql
STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM control_rows WHERE vdsm_task_id = v_vdsm_task_id;
END;
$body$;

CREATE FUNCTION control_find_all() RETURNS SETOF control_rows
LANGUAGE plpgsql
STABLE
AS $body$
BEGIN
    RETURN QUERY SELECT * FROM control_rows;
END;
$body$;
