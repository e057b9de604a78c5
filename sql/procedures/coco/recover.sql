-- What nobody drives any more, and who takes it.

-- unfinished_commands lists commands that have not finished, the oldest first: all of them, or those of one instance.
CREATE FUNCTION coco.unfinished_commands(v_instance_id uuid, v_limit integer) RETURNS SETOF coco.command
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    IF v_instance_id IS NULL THEN
        RETURN QUERY
        SELECT k.* FROM coco.command k WHERE k.finished_at IS NULL ORDER BY k.created_at LIMIT v_limit;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT k.* FROM coco.command k
    WHERE k.owner_id = v_instance_id AND k.finished_at IS NULL
    ORDER BY k.created_at LIMIT v_limit;
END;
$procedure$;

-- recover_commands hands the commands of instances that have ended to this one, whole trees, until there are v_limit, and returns
-- them. An instance has ended when it was stopped, or when nothing was heard of it for its lease. In the latter case this one must
-- have been heard of all the time, and as long: when the server itself was away, all leases run out at once, and whoever is
-- alive needs time to say so.
--
-- A command whose owners have died v_hold_after times in a row, without progress of its tree in between, is held: its tree is not
-- handed out until somebody resumes it. Those that are held just now are returned too: held_at tells.
--
-- v_recovery_id names the attempt. Repeated under the same one, because its answer was lost, it returns what it has taken before, too.
CREATE FUNCTION coco.recover_commands(
    v_instance_id uuid,
    v_recovery_id uuid,
    v_limit integer,
    v_hold_after integer
) RETURNS SETOF coco.command
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_me coco.engine_instance;
    v_tree record;
    v_locked uuid[];
    v_taken uuid[];
    v_held uuid[] := '{}';
BEGIN
    PERFORM coco.fence(v_instance_id, '{}');
    v_taken := ARRAY(
        SELECT o.command_id FROM coco.command_owner o WHERE o.instance_id = v_instance_id AND o.recovery_id = v_recovery_id);
    SELECT * INTO v_me FROM coco.engine_instance i WHERE i.instance_id = v_instance_id;
    IF v_me.renewed_at >= clock_timestamp() - v_me.lease / 2 THEN
        UPDATE coco.engine_instance dead SET ended_at = clock_timestamp(), ended_because = 'taken over'
        WHERE dead.instance_id IN (
            SELECT i.instance_id
            FROM coco.engine_instance i
            WHERE i.ended_at IS NULL AND i.instance_id <> v_instance_id
                AND i.renewed_at < clock_timestamp() - GREATEST(i.lease, v_me.lease)
                AND v_me.alive_since < clock_timestamp() - GREATEST(i.lease, v_me.lease)
                AND pg_postmaster_start_time() < clock_timestamp() - GREATEST(i.lease, v_me.lease)
            FOR NO KEY UPDATE SKIP LOCKED);
    END IF;

    FOR v_tree IN
        SELECT o.instance_id, COALESCE(e.root_command_id, e.command_id) AS root, array_agg(o.command_id) AS commands,
            max(o.recoveries) AS recoveries,
            COALESCE(bool_and(i.ended_because <> 'taken over'), false) AS stopped
        FROM coco.command_owner o
        JOIN public.command_entities e ON e.command_id = o.command_id AND e.finished_at IS NULL
        LEFT JOIN coco.engine_instance i ON i.instance_id = o.instance_id
        WHERE o.instance_id <> v_instance_id AND (i.instance_id IS NULL OR i.ended_at IS NOT NULL)
        GROUP BY o.instance_id, COALESCE(e.root_command_id, e.command_id)
        HAVING bool_and(o.held_at IS NULL)
        ORDER BY min(o.taken_at), min(o.command_id::text)
    LOOP
        EXIT WHEN cardinality(v_taken) >= v_limit;
        v_locked := ARRAY(
            SELECT o.command_id FROM coco.command_owner o
            WHERE o.command_id = ANY (v_tree.commands) AND o.instance_id = v_tree.instance_id AND o.held_at IS NULL
            FOR NO KEY UPDATE SKIP LOCKED);
        -- Another one has a part of the tree in its hands; the next call looks again.
        CONTINUE WHEN cardinality(v_locked) < cardinality(v_tree.commands);
        -- So it does when a transaction that was open before the locks has added to the tree.
        CONTINUE WHEN cardinality(v_locked) < (
            SELECT count(*)
            FROM public.command_entities e
            JOIN coco.command_owner o ON o.command_id = e.command_id AND o.instance_id = v_tree.instance_id
            WHERE (e.command_id = v_tree.root OR e.root_command_id = v_tree.root) AND e.finished_at IS NULL);
        IF NOT v_tree.stopped AND v_tree.recoveries >= v_hold_after THEN
            UPDATE coco.command_owner o SET held_at = clock_timestamp() WHERE o.command_id = ANY (v_locked);
            v_held := v_held || v_locked;
            CONTINUE;
        END IF;
        UPDATE coco.command_owner o SET
            instance_id = v_instance_id,
            taken_at = clock_timestamp(),
            recovery_id = v_recovery_id,
            recoveries = o.recoveries + CASE WHEN v_tree.stopped THEN 0 ELSE 1 END
        WHERE o.command_id = ANY (v_locked);
        v_taken := v_taken || v_locked;
    END LOOP;
    RETURN QUERY SELECT k.* FROM coco.command k WHERE k.command_id = ANY (v_taken || v_held) ORDER BY k.created_at, k.command_id;
END;
$procedure$;

-- own_commands gives an instance commands that belong to nobody: the engine itself has written them.
CREATE FUNCTION coco.own_commands(v_instance_id uuid, v_command_ids uuid[]) RETURNS SETOF coco.command
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    -- As all writers do: first who owns it, then the command.
    PERFORM 1 FROM coco.command_owner o WHERE o.command_id = ANY (v_command_ids) ORDER BY o.command_id FOR NO KEY UPDATE;
    PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_command_ids) ORDER BY e.command_id FOR NO KEY UPDATE;
    INSERT INTO coco.command_owner (command_id, instance_id)
    SELECT e.command_id, v_instance_id
    FROM public.command_entities e
    WHERE e.command_id = ANY (v_command_ids) AND e.finished_at IS NULL
    ORDER BY e.command_id
    ON CONFLICT (command_id) DO NOTHING;
    PERFORM coco.fence(v_instance_id, v_command_ids);
    RETURN QUERY SELECT k.* FROM coco.command k WHERE k.command_id = ANY (v_command_ids) ORDER BY k.created_at, k.command_id;
END;
$procedure$;

-- resume_command lets the tree of a command be handed out again. False: no command of it was held.
CREATE FUNCTION coco.resume_command(v_command_id uuid) RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_root uuid;
    v_resumed integer;
BEGIN
    SELECT COALESCE(e.root_command_id, e.command_id) INTO v_root FROM public.command_entities e WHERE e.command_id = v_command_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'command % is not there', v_command_id
            USING ERRCODE = 'CO012', DETAIL = format('command=%s', v_command_id);
    END IF;
    UPDATE coco.command_owner o SET held_at = NULL, recoveries = 0
    WHERE o.command_id IN (
        SELECT k.command_id
        FROM coco.command_owner k
        WHERE k.held_at IS NOT NULL AND k.command_id IN (SELECT b FROM coco.below(v_root) b)
        ORDER BY k.command_id
        FOR NO KEY UPDATE);
    GET DIAGNOSTICS v_resumed = ROW_COUNT;
    PERFORM pg_notify('coco_commands', '');
    RETURN v_resumed > 0;
END;
$procedure$;
