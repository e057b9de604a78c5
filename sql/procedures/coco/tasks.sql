-- Tasks of commands that an instance keeps here. A task is saved with its command and those above it, and read with them. Whoever
-- writes takes locks in one order, so that nobody waits in a circle: owners, then commands, each by id, then tasks.

-- require_retired refuses while the engine still passes commands with tasks: its procedures keep more about a task than these do.
CREATE FUNCTION coco.require_retired() RETURNS void
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM coco.state s WHERE s.retired) THEN
        RAISE EXCEPTION 'tasks can be kept with their commands only after retire: until then the engine itself passes them together'
            USING ERRCODE = 'CO001', HINT = 'Run "upgrade up" first.', DETAIL = 'phase=retire';
    END IF;
END;
$procedure$;

-- save_task stores a task: commands of its chain that are new or changed (the arrays, as for coco.persist_commands), the task, and the
-- entities it locks. Its own command must be the instance's. Returns the task with the heads of these commands.
-- What a task never changes once it is stored: its command, started_at, its type unless that was 0, a NULL that the zero GUID stands
-- for. v_action_type 0: the type of the command's parent, or its own without one; for a stored task, what it has.
CREATE FUNCTION coco.save_task(
    v_instance_id uuid,
    v_task_id uuid,
    v_action_type integer,
    v_status integer,
    v_result integer,
    v_vdsm_task_id uuid,
    v_step_id uuid,
    v_command_id uuid,
    v_started_at timestamptz,
    v_storage_pool_id uuid,
    v_task_type integer,
    v_entity_ids uuid[],
    v_entity_types text[],
    v_command_ids uuid[],
    v_command_types integer[],
    v_parent_ids uuid[],
    v_parameters text[],
    v_classes text[],
    v_statuses text[],
    v_nulls integer[]
) RETURNS SETOF coco.task_command
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_stored_id uuid;
BEGIN
    PERFORM coco.require_retired();
    IF v_task_id = c_none THEN
        RAISE EXCEPTION 'the zero GUID is no task id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM 1 FROM coco.command_owner o
    WHERE o.command_id = ANY (v_command_ids || v_parent_ids || v_command_id)
    ORDER BY o.command_id FOR NO KEY UPDATE;
    IF cardinality(v_command_ids) > 0 THEN
        PERFORM coco.persist_commands(v_instance_id, v_command_ids, v_command_types, v_parent_ids,
            v_parameters, v_classes, v_statuses, v_nulls);
    END IF;
    -- An array that is NULL is an empty one.
    IF (v_command_id = ANY (v_command_ids)) IS NOT TRUE THEN
        PERFORM coco.fence(v_instance_id, ARRAY[v_command_id]);
    END IF;
    -- It changes nothing. But whoever removes the command in a transaction that sees an older state, without this task, is refused then.
    UPDATE coco.command_owner o SET recoveries = o.recoveries WHERE o.command_id = v_command_id;

    INSERT INTO public.async_tasks AS t (task_id, action_type, status, result, step_id, command_id, started_at,
        storage_pool_id, task_type, vdsm_task_id)
    SELECT v_task_id, COALESCE(NULLIF(v_action_type, 0), acting.command_type), v_status, v_result, NULLIF(v_step_id, c_none),
        own.command_id, COALESCE(v_started_at, clock_timestamp()), v_storage_pool_id, v_task_type, v_vdsm_task_id
    FROM public.command_entities own
    JOIN public.command_entities acting
        ON acting.command_id = COALESCE(own.parent_command_id, own.root_command_id, own.command_id)
    WHERE own.command_id = v_command_id
    ON CONFLICT (task_id) DO UPDATE SET
        action_type = COALESCE(NULLIF(v_action_type, 0), t.action_type),
        status = excluded.status,
        result = excluded.result,
        step_id = excluded.step_id,
        storage_pool_id = NULLIF(excluded.storage_pool_id, CASE WHEN t.storage_pool_id IS NULL THEN c_none END),
        task_type = CASE WHEN t.task_type = 0 THEN excluded.task_type ELSE t.task_type END,
        vdsm_task_id = NULLIF(excluded.vdsm_task_id, CASE WHEN t.vdsm_task_id IS NULL THEN c_none END)
    WHERE t.command_id = excluded.command_id;
    IF NOT FOUND THEN
        SELECT t.command_id INTO v_stored_id FROM public.async_tasks t WHERE t.task_id = v_task_id;
        RAISE EXCEPTION 'task % belongs to command %, not to command %', v_task_id, v_stored_id, v_command_id
            USING ERRCODE = 'CO019', HINT = 'A task keeps the command it was stored with.',
                DETAIL = format('task=%s command=%s', v_task_id, v_stored_id);
    END IF;

    INSERT INTO public.async_tasks_entities (async_task_id, entity_id, entity_type)
    SELECT DISTINCT ON (n.id) v_task_id, n.id, NULLIF(n.type, '')
    FROM unnest(v_entity_ids, v_entity_types) AS n(id, type)
    WHERE NOT EXISTS (
        SELECT 1 FROM public.async_tasks_entities l WHERE l.async_task_id = v_task_id AND l.entity_id = n.id)
    ORDER BY n.id;

    RETURN QUERY
    SELECT t.task_id, t.action_type, t.status, t.result, t.step_id, t.started_at, t.storage_pool_id, t.task_type, t.vdsm_task_id,
        '{}'::uuid[], '{}'::text[], CASE WHEN h.command_id = t.command_id THEN 0 ELSE 1 END, h.command_id,
        h.command_type, h.parent_command_id, h.root_command_id, NULL::text, h.action_parameters_class, h.created_at,
        h.status, h.finished_at, h.owner_id, h.taken_at, h.recoveries, h.held_at
    FROM public.async_tasks t
    CROSS JOIN coco.command_head h
    WHERE t.task_id = v_task_id AND h.command_id = ANY (v_command_ids || v_command_id);
END;
$procedure$;

-- tasks_with_commands returns a row for each task and each command that it leads to: its own (depth 0), the one whose end-action runs
-- when it ends (1), and those above (2 and so on). With no argument all tasks; otherwise the one task, or those that lock the entity,
-- or those of the storage pool, or of the host's task.
-- The first two commands have the very texts that this task has, also where another task of the same commands has others. Without a
-- parent they are one command; then it comes twice only if its texts differ. A command that is not stored has a NULL type.
CREATE FUNCTION coco.tasks_with_commands(
    v_task_id uuid,
    v_entity_id uuid,
    v_storage_pool_id uuid,
    v_vdsm_task_id uuid
) RETURNS SETOF coco.task_command
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off -- it would compile for seconds
SET plan_cache_mode = force_custom_plan -- for one task and for all there are no one plan is right
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_tasks uuid[];
BEGIN
    PERFORM coco.require_retired();
    v_tasks := CASE
        WHEN v_task_id IS NOT NULL THEN ARRAY[v_task_id]
        WHEN v_entity_id IS NOT NULL THEN
            ARRAY(SELECT l.async_task_id FROM public.async_tasks_entities l WHERE l.entity_id = v_entity_id)
        WHEN v_storage_pool_id IS NOT NULL THEN
            ARRAY(SELECT t.task_id FROM public.async_tasks t WHERE t.storage_pool_id = v_storage_pool_id)
        WHEN v_vdsm_task_id IS NOT NULL THEN
            ARRAY(SELECT t.task_id FROM public.async_tasks t WHERE t.vdsm_task_id = v_vdsm_task_id)
        ELSE ARRAY(SELECT t.task_id FROM public.async_tasks t) END;
    RETURN QUERY
    WITH RECURSIVE task AS (
        SELECT t.*, COALESCE(NULLIF(t.root_command_id, c_none), t.command_id) AS acting_id
        FROM coco.async_task t
        WHERE t.task_id = ANY (v_tasks)
    ), leads(task_id, depth, command_id, path) AS (
        SELECT t.task_id, d.depth, CASE d.depth WHEN 0 THEN t.command_id ELSE t.acting_id END, ARRAY[t.command_id, t.acting_id]
        FROM task t CROSS JOIN (VALUES (0), (1)) AS d(depth)
        WHERE d.depth = 0 OR t.acting_id <> t.command_id
            OR (t.action_parameters, t.action_params_class) IS DISTINCT FROM (t.task_parameters, t.task_params_class)
        UNION ALL
        SELECT l.task_id, l.depth + 1, above.id, l.path || above.id
        FROM leads l
        JOIN public.command_entities e ON e.command_id = l.command_id
        CROSS JOIN LATERAL (SELECT COALESCE(e.parent_command_id, e.root_command_id)) AS above(id)
        -- Damaged rows may form a cycle.
        WHERE l.depth > 0 AND l.path[1] <> l.path[2] AND above.id <> ALL (l.path)
    ), entity AS (
        SELECT l.async_task_id AS task_id, array_agg(l.entity_id ORDER BY l.entity_type, l.entity_id) AS ids,
            array_agg(COALESCE(l.entity_type, '')::text ORDER BY l.entity_type, l.entity_id) AS types
        FROM public.async_tasks_entities l
        WHERE l.async_task_id = ANY (v_tasks)
        GROUP BY l.async_task_id
    )
    SELECT t.task_id, t.action_type, t.status, t.result, t.step_id, t.started_at, t.storage_pool_id, t.task_type, t.vdsm_task_id,
        COALESCE(n.ids, '{}'), COALESCE(n.types, '{}'), l.depth, l.command_id, k.command_type, k.parent_command_id, k.root_command_id,
        CASE l.depth WHEN 0 THEN t.task_parameters WHEN 1 THEN t.action_parameters ELSE k.action_parameters END,
        CASE l.depth WHEN 0 THEN t.task_params_class WHEN 1 THEN t.action_params_class ELSE k.action_parameters_class END,
        k.created_at, k.status, k.finished_at, k.owner_id, k.taken_at, k.recoveries, k.held_at
    FROM leads l
    JOIN task t ON t.task_id = l.task_id
    LEFT JOIN coco.command k ON k.command_id = l.command_id
    LEFT JOIN entity n ON n.task_id = t.task_id AND l.depth = 0
    ORDER BY t.started_at, t.task_id, l.depth;
END;
$procedure$;

-- remove_tasks removes a task, or those of a host's task, with their links. The command of each must be the instance's, unless it has
-- finished or is not stored. With v_commands also these commands, and above them those that have finished, as far as nothing needs
-- them any more: no task names them and no command is below them. Returns the ids of the tasks, and those of the commands.
CREATE FUNCTION coco.remove_tasks(v_instance_id uuid, v_task_id uuid, v_vdsm_task_id uuid, v_commands boolean)
RETURNS SETOF coco.removed_task
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_named uuid[];
    v_chain uuid[];
    v_removed uuid[];
    v_needed uuid[];
    v_id uuid;
    v_above uuid;
BEGIN
    PERFORM coco.require_retired();
    v_named := ARRAY(
        SELECT DISTINCT t.command_id FROM public.async_tasks t WHERE t.task_id = v_task_id OR t.vdsm_task_id = v_vdsm_task_id);
    IF v_commands THEN
        v_chain := ARRAY(
            WITH RECURSIVE going(command_id, above) AS (
                SELECT e.command_id, COALESCE(e.parent_command_id, e.root_command_id)
                FROM public.command_entities e
                WHERE e.command_id = ANY (v_named)
                UNION
                SELECT e.command_id, COALESCE(e.parent_command_id, e.root_command_id)
                FROM going g JOIN public.command_entities e ON e.command_id = g.above
                WHERE e.finished_at IS NOT NULL
            )
            SELECT g.command_id FROM going g);
        -- Whoever wants to add a task or a child waits here, and finds the command gone.
        PERFORM 1 FROM coco.command_owner o WHERE o.command_id = ANY (v_chain) ORDER BY o.command_id FOR UPDATE;
        PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_chain) ORDER BY e.command_id FOR UPDATE;
    END IF;
    PERFORM coco.fence(v_instance_id, ARRAY(
        SELECT e.command_id FROM public.command_entities e WHERE e.command_id = ANY (v_named) AND e.finished_at IS NULL));

    WITH removed AS (
        DELETE FROM public.async_tasks t
        WHERE (t.task_id = v_task_id OR t.vdsm_task_id = v_vdsm_task_id) AND t.command_id = ANY (v_named)
        RETURNING t.task_id
    )
    SELECT array_agg(r.task_id) INTO v_removed FROM removed r;
    IF v_removed IS NULL AND v_task_id IS NOT NULL THEN
        RAISE EXCEPTION 'task % is not there', v_task_id USING ERRCODE = 'CO012', DETAIL = format('task=%s', v_task_id);
    END IF;
    RETURN QUERY SELECT r, NULL::uuid FROM unnest(v_removed) r;
    IF NOT v_commands THEN
        RETURN;
    END IF;

    v_needed := coco.commands_of_tasks(v_chain);
    FOREACH v_id IN ARRAY v_named LOOP
        LOOP
            SELECT COALESCE(e.parent_command_id, e.root_command_id) INTO v_above
            FROM public.command_entities e WHERE e.command_id = v_id;
            EXIT WHEN NOT FOUND OR v_id <> ALL (v_chain) OR v_id = ANY (v_needed)
                OR EXISTS (SELECT 1 FROM public.command_entities e WHERE e.parent_command_id = v_id AND e.command_id <> v_id)
                OR EXISTS (SELECT 1 FROM public.command_entities e WHERE e.root_command_id = v_id AND e.command_id <> v_id);
            DELETE FROM public.command_entities e WHERE e.command_id = v_id;
            RETURN QUERY SELECT NULL::uuid, v_id;
            v_id := v_above;
        END LOOP;
    END LOOP;
END;
$procedure$;
