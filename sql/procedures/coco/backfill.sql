-- Copying the command columns of async_tasks into command_entities, a batch a call, in the caller's transaction.
--
-- The steps depend on nothing but the rows: where a batch ends, or how often the run was interrupted, changes no result.
--   ledger    which commands each task names, and the fingerprint of the five values it must read back
--   roots     one command for every distinct root id
--   commands  one command for every command id that is nobody's root
--   archive   what the entities do not give back exactly, task by task

CREATE FUNCTION coco.backfill(v_batch integer)
RETURNS TABLE (step text, done bigint, total bigint, finished boolean)
LANGUAGE plpgsql
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_progress coco.progress;
    v_ids uuid[];
    v_next uuid;
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
            SELECT task_id FROM public.async_tasks WHERE task_id >= v_progress.next_id ORDER BY task_id LIMIT v_batch + 1);
        v_next := v_ids[v_batch + 1];
        v_ids := v_ids[1:v_batch];
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

    ELSIF v_progress.step IN ('roots', 'commands') THEN
        IF v_progress.step = 'roots' THEN
            v_ids := ARRAY(
                SELECT DISTINCT root_command_id FROM coco.ledger WHERE root_command_id >= v_progress.next_id
                ORDER BY root_command_id LIMIT v_batch + 1);
        ELSE
            v_ids := ARRAY(
                SELECT DISTINCT command_id FROM coco.ledger WHERE command_id >= v_progress.next_id
                ORDER BY command_id LIMIT v_batch + 1);
        END IF;
        v_next := v_ids[v_batch + 1];
        v_ids := v_ids[1:v_batch];
        INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
            action_parameters, action_parameters_class, created_at, status)
        SELECT h.command_id, h.command_type, h.parent_command_id, h.root_command_id,
            CASE WHEN h.own THEN t.task_parameters ELSE t.action_parameters END,
            CASE WHEN h.own THEN t.task_params_class ELSE t.action_params_class END,
            h.created_at, h.status
        FROM coco.held_commands(v_ids) AS h
        JOIN public.async_tasks t ON t.task_id = h.task_id
        ON CONFLICT (command_id) DO NOTHING;

    ELSE
        v_ids := ARRAY(
            SELECT task_id FROM coco.ledger WHERE task_id >= v_progress.next_id ORDER BY task_id LIMIT v_batch + 1);
        v_next := v_ids[v_batch + 1];
        v_ids := v_ids[1:v_batch];
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
        next_id = COALESCE(v_next, p.next_id),
        done = p.done + cardinality(v_ids),
        total = v_progress.total,
        finished = v_next IS NULL
    WHERE p.number = v_progress.number;
    IF v_next IS NULL AND EXISTS (SELECT 1 FROM public.command_entities) THEN
        -- What was just filled is read by the next step, and by every getter later: the planner must know how much it is. Of an empty
        -- table it had better know nothing: once told, sessions plan to read it whole, and do so still when it has grown.
        ANALYZE coco.ledger;
        ANALYZE public.command_entities;
        ANALYZE coco.archive;
    END IF;
    RETURN QUERY
    SELECT p.step, p.done, p.total, NOT EXISTS (SELECT 1 FROM coco.progress open WHERE NOT open.finished)
    FROM coco.progress p WHERE p.number = v_progress.number;
END;
$procedure$;
