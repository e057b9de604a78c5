-- Copying the command columns of async_tasks into command_entities, a batch a call, in the caller's transaction.
--
-- The steps depend on nothing but the rows: where a batch ends, or how often the run was interrupted, changes no result.
--   ledger    which commands each task names, and the fingerprint of the five values it must read back
--   roots     one command for every distinct root id
--   commands  one command for every command id that is nobody's root
--   archive   what the entities do not give back exactly, task by task

-- representative picks the task whose values stand for a command: submitted first, then of a known type, then with parameters,
-- then the latest, then the smallest id.
CREATE FUNCTION coco.representative(v_command_id uuid, v_as_root boolean) RETURNS uuid
LANGUAGE sql
STABLE
AS $procedure$
    SELECT t.task_id
    FROM coco.ledger l
    JOIN public.async_tasks t ON t.task_id = l.task_id
    WHERE CASE WHEN v_as_root THEN l.root_command_id ELSE l.command_id END = v_command_id
    ORDER BY
        t.vdsm_task_id IS DISTINCT FROM '00000000-0000-0000-0000-000000000000' DESC,
        t.action_type <> 0 DESC,
        CASE WHEN v_as_root THEN t.action_parameters ELSE t.task_parameters END IS NOT NULL DESC,
        t.started_at DESC NULLS LAST,
        t.task_id
    LIMIT 1
$procedure$;

CREATE FUNCTION coco.backfill(v_batch integer)
RETURNS TABLE (step text, done bigint, total bigint, finished boolean)
LANGUAGE plpgsql
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_progress coco.progress;
    v_ids uuid[];
BEGIN
    SELECT * INTO v_progress FROM coco.progress p WHERE NOT p.finished ORDER BY p.number LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT p.step, p.done, p.total, true FROM coco.progress p ORDER BY p.number DESC LIMIT 1;
        RETURN;
    END IF;
    IF v_progress.total IS NULL THEN
        v_progress.total := CASE v_progress.step
            WHEN 'ledger' THEN (SELECT count(*) FROM public.async_tasks)
            WHEN 'roots' THEN (SELECT count(DISTINCT root_command_id) FROM coco.ledger)
            WHEN 'commands' THEN (SELECT count(DISTINCT command_id) FROM coco.ledger)
            ELSE (SELECT count(*) FROM coco.ledger) END;
    END IF;

    IF v_progress.step = 'ledger' THEN
        v_ids := ARRAY(
            SELECT task_id FROM public.async_tasks
            WHERE task_id > v_progress.after OR v_progress.after IS NULL
            ORDER BY task_id LIMIT v_batch);
        INSERT INTO coco.ledger (task_id, command_id, root_command_id, fingerprint)
        SELECT t.task_id, NULLIF(t.command_id, c_none), NULLIF(t.root_command_id, c_none),
            coco.fingerprint(t.root_command_id, t.action_parameters, t.action_params_class,
                t.task_parameters, t.task_params_class)
        FROM public.async_tasks t
        WHERE t.task_id = ANY (v_ids)
        ON CONFLICT (task_id) DO UPDATE SET
            command_id = excluded.command_id,
            root_command_id = excluded.root_command_id,
            fingerprint = excluded.fingerprint;

    ELSIF v_progress.step = 'roots' THEN
        v_ids := ARRAY(
            SELECT DISTINCT root_command_id FROM coco.ledger
            WHERE root_command_id > v_progress.after OR (v_progress.after IS NULL AND root_command_id IS NOT NULL)
            ORDER BY root_command_id LIMIT v_batch);
        INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
            action_parameters, action_parameters_class, created_at, status)
        SELECT root.id, t.action_type, NULLIF(own.root_command_id, root.id), COALESCE(own.root_command_id, root.id),
            t.action_parameters, t.action_params_class,
            (SELECT min(s.started_at) FROM coco.ledger l JOIN public.async_tasks s ON s.task_id = l.task_id
             WHERE l.root_command_id = root.id OR l.command_id = root.id),
            'ACTIVE'
        FROM unnest(v_ids) AS root(id)
        JOIN public.async_tasks t ON t.task_id = coco.representative(root.id, true)
        -- A root may have a task of its own that names another root: then it hangs below that one.
        LEFT JOIN coco.ledger own ON own.task_id = coco.representative(root.id, false)
        ON CONFLICT (command_id) DO NOTHING;

    ELSIF v_progress.step = 'commands' THEN
        v_ids := ARRAY(
            SELECT DISTINCT command_id FROM coco.ledger
            WHERE command_id > v_progress.after OR (v_progress.after IS NULL AND command_id IS NOT NULL)
            ORDER BY command_id LIMIT v_batch);
        INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
            action_parameters, action_parameters_class, created_at, status)
        SELECT command.id,
            CASE WHEN l.root_command_id IS NULL THEN t.action_type ELSE 0 END,
            l.root_command_id, l.root_command_id,
            CASE WHEN l.root_command_id IS NULL THEN t.action_parameters ELSE t.task_parameters END,
            CASE WHEN l.root_command_id IS NULL THEN t.action_params_class ELSE t.task_params_class END,
            (SELECT min(s.started_at) FROM coco.ledger o JOIN public.async_tasks s ON s.task_id = o.task_id
             WHERE o.command_id = command.id),
            CASE WHEN t.vdsm_task_id = c_none THEN 'NOT_STARTED' ELSE 'ACTIVE' END
        FROM unnest(v_ids) AS command(id)
        JOIN public.async_tasks t ON t.task_id = coco.representative(command.id, false)
        JOIN coco.ledger l ON l.task_id = t.task_id
        ON CONFLICT (command_id) DO NOTHING;

    ELSE
        v_ids := ARRAY(
            SELECT task_id FROM coco.ledger
            WHERE task_id > v_progress.after OR v_progress.after IS NULL
            ORDER BY task_id LIMIT v_batch);
        DELETE FROM coco.archive WHERE task_id = ANY (v_ids);
        INSERT INTO coco.archive (task_id, keeps_root, root_command_id,
            keeps_action, action_parameters, action_params_class,
            keeps_task, task_parameters, task_params_class)
        SELECT given.task_id,
            given.keeps_root, CASE WHEN given.keeps_root THEN given.root_command_id END,
            given.keeps_action, CASE WHEN given.keeps_action THEN given.action_parameters END,
            CASE WHEN given.keeps_action THEN given.action_params_class END,
            given.keeps_task, CASE WHEN given.keeps_task THEN given.task_parameters END,
            CASE WHEN given.keeps_task THEN given.task_params_class END
        FROM (
            SELECT t.*,
                t.root_command_id IS DISTINCT FROM COALESCE(own.parent_command_id, own.root_command_id) AS keeps_root,
                (t.action_parameters, t.action_params_class)
                    IS DISTINCT FROM (acting.action_parameters, acting.action_parameters_class) AS keeps_action,
                (t.task_parameters, t.task_params_class)
                    IS DISTINCT FROM (own.action_parameters, own.action_parameters_class) AS keeps_task
            FROM public.async_tasks t
            LEFT JOIN public.command_entities own ON own.command_id = t.command_id
            LEFT JOIN public.command_entities acting
                ON acting.command_id = COALESCE(NULLIF(t.root_command_id, c_none), t.command_id)
            WHERE t.task_id = ANY (v_ids)
        ) AS given
        WHERE given.keeps_root OR given.keeps_action OR given.keeps_task;
    END IF;

    UPDATE coco.progress p SET
        after = COALESCE(v_ids[cardinality(v_ids)], p.after),
        done = p.done + cardinality(v_ids),
        total = v_progress.total,
        finished = cardinality(v_ids) < v_batch
    WHERE p.number = v_progress.number;
    RETURN QUERY
    SELECT p.step, p.done, p.total, NOT EXISTS (SELECT 1 FROM coco.progress open WHERE NOT open.finished)
    FROM coco.progress p WHERE p.number = v_progress.number;
END;
$procedure$;
