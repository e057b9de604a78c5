-- Taking commands in again that the way back has exported. First the lines are staged, then all of them are loaded at once: the
-- keys are checked at the end of a statement, so parents may come after their children, and cycles are no special case.

-- stage_commands takes lines of an export, the first of which has this number. A line is what row_to_json made of a command.
CREATE FUNCTION coco.stage_commands(v_first_line bigint, v_lines text[]) RETURNS void
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_number bigint := v_first_line;
    v_line text;
    v_problem text;
BEGIN
    -- The lock on the row keeps the way back out until this is committed.
    PERFORM 1 FROM coco.state s WHERE s.serves = 'command_entities' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'commands can be taken in only after the switch: until then they are what the tasks say'
            USING ERRCODE = 'CO001', HINT = 'Run "upgrade up --to switch", or further, first.';
    END IF;
    LOCK TABLE coco.loading IN SHARE ROW EXCLUSIVE MODE;
    BEGIN
        FOREACH v_line IN ARRAY COALESCE(v_lines, '{}') LOOP
            INSERT INTO coco.loading (line, command_id, command_type, parent_command_id, root_command_id,
                action_parameters, action_parameters_class, created_at, status, finished_at)
            SELECT v_number, e.command_id, e.command_type, e.parent_command_id, e.root_command_id,
                e.action_parameters, e.action_parameters_class, e.created_at, e.status, e.finished_at
            FROM json_populate_record(NULL::public.command_entities, v_line::json) AS e;
            v_number := v_number + 1;
        END LOOP;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
        -- The server's own words may repeat values.
        v_problem := SQLSTATE;
    END;
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION 'line %: a value is not what the column of command_entities can hold', v_number
            USING ERRCODE = 'CO006', HINT = 'Take the file as "upgrade down" has written it.';
    END IF;
END;
$procedure$;

-- lock_readers locks the tasks that read a command which is about to be replaced, and returns them. A client that stored such a task
-- while its command was locked keeps the values in the task's own archive row, and must have committed them before they are read.
-- Nobody is waited for while locks on tasks are held: the client might want one of them next.
CREATE FUNCTION coco.lock_readers() RETURNS uuid[]
LANGUAGE plpgsql
AS $procedure$
DECLARE
    v_deadline CONSTANT timestamptz := clock_timestamp() + interval '10 seconds';
BEGIN
    LOOP
        BEGIN
            RETURN ARRAY(
                SELECT t.task_id FROM public.async_tasks t
                WHERE t.task_id IN (
                    SELECT v.task_id
                    FROM coco.async_task v
                    JOIN coco.ledger l ON l.task_id = v.task_id
                    -- IN, not EXISTS: under OR only that is looked up in a hash table made once.
                    WHERE v.command_id IN (SELECT m.command_id FROM coco.loading m WHERE m.outcome = 'replaced')
                        OR v.root_command_id IN (SELECT m.command_id FROM coco.loading m WHERE m.outcome = 'replaced'))
                ORDER BY t.task_id
                FOR NO KEY UPDATE NOWAIT);
        EXCEPTION WHEN lock_not_available THEN
            IF clock_timestamp() > v_deadline THEN
                RAISE EXCEPTION 'tasks that read the commands to be replaced are being written'
                    USING ERRCODE = 'lock_not_available', HINT = 'Run the same command again when there is less going on.';
            END IF;
        END;
        PERFORM pg_sleep(0.05);
    END LOOP;
END;
$procedure$;

-- load_commands stores what is staged and tells of each line what became of it: loaded; there, exactly as it is; replaced;
-- kept, because another one is there under its id; superseded by a later line. If a parent or root is neither there nor among
-- the lines, it stores nothing and returns the lines with the missing ids instead. Tasks go on reading what was stored for
-- them; a task that follows its command follows it here too.
CREATE FUNCTION coco.load_commands(v_overwrite boolean) RETURNS SETOF coco.loaded_command
LANGUAGE plpgsql
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_tasks uuid[];
    v_driven record;
BEGIN
    -- As all writers do: first who owns it, then the command.
    PERFORM 1
    FROM coco.command_owner o
    WHERE o.command_id IN (SELECT l.command_id FROM coco.loading l)
    ORDER BY o.command_id
    FOR UPDATE;
    PERFORM 1
    FROM public.command_entities e
    WHERE e.command_id IN (SELECT l.command_id FROM coco.loading l)
    ORDER BY e.command_id
    FOR NO KEY UPDATE;

    UPDATE coco.loading l SET outcome = CASE
        WHEN l.line < last_one.line THEN 'superseded'
        WHEN e.command_id IS NULL THEN 'loaded'
        WHEN (e.command_type, e.parent_command_id, e.root_command_id, e.action_parameters, e.action_parameters_class,
                e.created_at, e.status, e.finished_at)
            IS NOT DISTINCT FROM (l.command_type, l.parent_command_id, l.root_command_id, l.action_parameters,
                l.action_parameters_class, l.created_at, l.status, l.finished_at) THEN 'there'
        WHEN v_overwrite THEN 'replaced'
        ELSE 'kept' END
    FROM (SELECT m.command_id, max(m.line) AS line FROM coco.loading m GROUP BY m.command_id) AS last_one
    LEFT JOIN public.command_entities e ON e.command_id = last_one.command_id
    WHERE last_one.command_id = l.command_id;

    RETURN QUERY
    SELECT DISTINCT l.line, 'missing'::text, named.id
    FROM coco.loading l
    CROSS JOIN LATERAL (VALUES (l.parent_command_id), (l.root_command_id)) AS named(id)
    WHERE l.outcome IN ('loaded', 'replaced') AND named.id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM public.command_entities e WHERE e.command_id = named.id)
        AND NOT EXISTS (SELECT 1 FROM coco.loading m WHERE m.command_id = named.id AND m.outcome = 'loaded')
    ORDER BY 1, 3;
    IF FOUND THEN
        DELETE FROM coco.loading;
        RETURN;
    END IF;

    SELECT o.command_id, o.instance_id INTO v_driven
    FROM coco.loading l
    JOIN coco.command_owner o ON o.command_id = l.command_id
    JOIN coco.engine_instance i ON i.instance_id = o.instance_id
    WHERE l.outcome = 'replaced' AND i.ended_at IS NULL AND i.renewed_at > clock_timestamp() - i.lease
    ORDER BY o.command_id
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'command % cannot be replaced: a live instance drives it', v_driven.command_id
            USING ERRCODE = 'CO010', HINT = 'Stop that instance first, or load without --overwrite.',
                DETAIL = format('command=%s owner=%s', v_driven.command_id, v_driven.instance_id);
    END IF;

    v_tasks := coco.lock_readers();

    -- What tasks read of a command that is about to change goes into the archive, all of it, and what the command still gives
    -- back is taken out again afterwards.
    WITH kept AS (
        INSERT INTO coco.archive AS a (task_id, keeps_root, root_command_id,
            keeps_action, action_parameters, action_params_class,
            keeps_task, task_parameters, task_params_class)
        SELECT v.task_id, true, v.root_command_id, true, v.action_parameters, v.action_params_class,
            true, v.task_parameters, v.task_params_class
        FROM coco.async_task v
        JOIN coco.ledger t ON t.task_id = v.task_id AND t.fingerprint IS NOT NULL
        WHERE v.task_id IN (SELECT unnest(v_tasks))
        ON CONFLICT (task_id) DO UPDATE SET
            keeps_root = true, root_command_id = excluded.root_command_id,
            keeps_action = true, action_parameters = excluded.action_parameters, action_params_class = excluded.action_params_class,
            keeps_task = true, task_parameters = excluded.task_parameters, task_params_class = excluded.task_params_class
        RETURNING a.task_id
    )
    SELECT array_agg(k.task_id) INTO v_tasks FROM kept k;

    INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
        action_parameters, action_parameters_class, created_at, status, finished_at)
    SELECT l.command_id, l.command_type, l.parent_command_id, l.root_command_id,
        l.action_parameters, l.action_parameters_class, l.created_at, l.status, l.finished_at
    FROM coco.loading l
    WHERE l.outcome = 'loaded'
    ORDER BY l.line;
    UPDATE public.command_entities e SET
        command_type = l.command_type,
        parent_command_id = l.parent_command_id,
        root_command_id = l.root_command_id,
        action_parameters = l.action_parameters,
        action_parameters_class = l.action_parameters_class,
        created_at = l.created_at,
        status = l.status,
        finished_at = l.finished_at
    FROM coco.loading l
    WHERE l.outcome = 'replaced' AND l.command_id = e.command_id;
    -- Whoever drove it, and comes back, must not go on with another one.
    DELETE FROM coco.command_owner o
    WHERE o.command_id IN (SELECT l.command_id FROM coco.loading l WHERE l.outcome = 'replaced');

    UPDATE coco.archive a SET
        keeps_root = now.keeps_root,
        root_command_id = CASE WHEN now.keeps_root THEN a.root_command_id END,
        keeps_action = now.keeps_action,
        action_parameters = CASE WHEN now.keeps_action THEN a.action_parameters END,
        action_params_class = CASE WHEN now.keeps_action THEN a.action_params_class END,
        keeps_task = now.keeps_task,
        task_parameters = CASE WHEN now.keeps_task THEN a.task_parameters END,
        task_params_class = CASE WHEN now.keeps_task THEN a.task_params_class END
    FROM (
        SELECT k.task_id,
            k.root_command_id IS DISTINCT FROM COALESCE(own.parent_command_id, own.root_command_id) AS keeps_root,
            (k.action_parameters, k.action_params_class)
                IS DISTINCT FROM (acting.action_parameters, acting.action_parameters_class) AS keeps_action,
            (k.task_parameters, k.task_params_class)
                IS DISTINCT FROM (own.action_parameters, own.action_parameters_class) AS keeps_task
        FROM coco.archive k
        JOIN public.async_tasks t ON t.task_id = k.task_id
        LEFT JOIN public.command_entities own ON own.command_id = t.command_id
        LEFT JOIN public.command_entities acting
            ON acting.command_id = COALESCE(NULLIF(k.root_command_id, c_none), t.command_id)
        WHERE k.task_id IN (SELECT unnest(v_tasks))
    ) AS now
    WHERE now.task_id = a.task_id;
    DELETE FROM coco.archive a
    WHERE a.task_id IN (SELECT unnest(v_tasks)) AND NOT a.keeps_root AND NOT a.keeps_action AND NOT a.keeps_task;
    UPDATE coco.ledger t SET root_command_id = NULLIF(v.root_command_id, c_none)
    FROM coco.async_task v
    WHERE v.task_id = t.task_id AND t.fingerprint IS NULL
        AND EXISTS (SELECT 1 FROM coco.loading l WHERE l.outcome = 'replaced' AND l.command_id = v.command_id);

    -- What was taken in on purpose is not what a task has left behind.
    DELETE FROM coco.to_release r
    WHERE EXISTS (SELECT 1 FROM coco.loading l WHERE l.command_id = r.command_id AND l.outcome <> 'kept');

    RETURN QUERY SELECT l.line, l.outcome, l.command_id FROM coco.loading l ORDER BY l.line;
    DELETE FROM coco.loading;
END;
$procedure$;
