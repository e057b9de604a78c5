-- Removing a command with all below it.

-- removal_blockers lists what keeps a command from being removed: tasks that name it or one below it; commands below it that have not
-- finished; commands that a live instance owns.
CREATE FUNCTION coco.removal_blockers(v_command_id uuid) RETURNS SETOF coco.removal_blocker
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_going CONSTANT uuid[] := ARRAY(SELECT b FROM coco.below(v_command_id) b);
BEGIN
    RETURN QUERY
    SELECT t.command_id, t.task_id, 'task'::text FROM coco.task_commands() t WHERE t.command_id = ANY (v_going)
    UNION ALL
    SELECT e.command_id, NULL::uuid, 'unfinished'::text
    FROM public.command_entities e
    WHERE e.command_id = ANY (v_going) AND e.command_id <> v_command_id AND e.finished_at IS NULL
    UNION ALL
    SELECT o.command_id, NULL::uuid, 'owned'::text
    FROM coco.command_owner o JOIN coco.engine_instance i ON i.instance_id = o.instance_id
    WHERE o.command_id = ANY (v_going) AND i.ended_at IS NULL AND i.renewed_at > clock_timestamp() - i.lease
    ORDER BY 3, 1, 2;
END;
$procedure$;

-- remove_command removes a command with all below it and returns what it has removed. Never one that a task names. With v_instance_id
-- what has not finished must be the instance's own, and only with v_unfinished may it be below the command. Without, an operator
-- asks: then no live instance may own any of it, and whatever has not finished needs v_unfinished.
CREATE FUNCTION coco.remove_command(v_instance_id uuid, v_command_id uuid, v_unfinished boolean) RETURNS SETOF public.command_entities
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_going uuid[];
    v_again uuid[];
    v_live uuid[];
    v_blocker coco.removal_blocker;
    v_tasks text;
    v_commands text;
BEGIN
    v_going := ARRAY(SELECT b FROM coco.below(v_command_id) b);
    IF cardinality(v_going) = 0 THEN
        RAISE EXCEPTION 'command % is not there', v_command_id
            USING ERRCODE = 'CO012', DETAIL = format('command=%s', v_command_id);
    END IF;
    -- A child that comes in from here on waits for its parent, and finds it gone.
    -- One that came in before is locked too, until there is none.
    LOOP
        PERFORM 1 FROM coco.command_owner o WHERE o.command_id = ANY (v_going) ORDER BY o.command_id FOR UPDATE;
        PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_going) ORDER BY e.command_id FOR UPDATE;
        v_again := ARRAY(SELECT b FROM coco.below(v_command_id) b);
        EXIT WHEN v_again <@ v_going;
        v_going := v_again;
    END LOOP;
    v_going := v_again;
    v_live := ARRAY(SELECT e.command_id FROM public.command_entities e WHERE e.command_id = ANY (v_going) AND e.finished_at IS NULL);
    IF v_instance_id IS NOT NULL THEN
        PERFORM coco.fence(v_instance_id, v_live);
    ELSE
        SELECT * INTO v_blocker FROM coco.removal_blockers(v_command_id) b WHERE b.reason = 'owned' LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'command % cannot be removed: a live instance drives command %', v_command_id, v_blocker.command_id
                USING ERRCODE = 'CO010', HINT = 'Stop that instance first.',
                    DETAIL = format('command=%s owner=%s', v_blocker.command_id,
                        (SELECT o.instance_id FROM coco.command_owner o WHERE o.command_id = v_blocker.command_id));
        END IF;
    END IF;
    SELECT string_agg(DISTINCT b.task_id::text, ',') FILTER (WHERE b.reason = 'task'),
        string_agg(DISTINCT b.command_id::text, ',') FILTER (WHERE b.reason = 'task' OR NOT v_unfinished)
    INTO v_tasks, v_commands
    FROM (
        SELECT * FROM coco.removal_blockers(v_command_id) r
        WHERE r.reason = 'task' OR (r.reason = 'unfinished' AND NOT v_unfinished)
        UNION ALL
        SELECT v_command_id, NULL, 'unfinished'
        WHERE v_instance_id IS NULL AND NOT v_unfinished AND v_command_id = ANY (v_live)
        ORDER BY 3, 1, 2
        LIMIT 20
    ) AS b;
    IF v_commands IS NOT NULL THEN
        RAISE EXCEPTION 'command % cannot be removed: %', v_command_id,
            CASE WHEN v_tasks IS NOT NULL THEN 'tasks still need it or commands below it' ELSE 'commands have not finished' END
            USING ERRCODE = 'CO013', DETAIL = format('command=%s descendants=%s tasks=%s', v_command_id, v_commands, COALESCE(v_tasks, 'none'));
    END IF;
    RETURN QUERY
    DELETE FROM public.command_entities e WHERE e.command_id = ANY (v_going) RETURNING e.*;
END;
$procedure$;
