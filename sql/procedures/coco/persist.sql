-- Storing commands. Arrays take one command or a thousand in one call; one plan serves both, and making new ones costs more than it
-- gains: hence plan_cache_mode. The arrays' elements are never NULL, so that every client can send them: the zero GUID is no parent,
-- and v_nulls says which texts are NULL: 1 the parameters, 2 their class, 4 the status.

-- is_final tells whether a command with this status has finished.
CREATE FUNCTION coco.is_final(v_status text) RETURNS boolean
LANGUAGE sql
IMMUTABLE
AS $procedure$
    SELECT COALESCE(v_status IN ('SUCCEEDED', 'FAILED', 'FAILED_RESTARTED'), false)
$procedure$;

-- may_become tells whether a command may change from one status to the other. NULL and '' read as UNKNOWN. A status that nobody
-- knows can be given up only.
CREATE FUNCTION coco.may_become(v_from text, v_to text) RETURNS boolean
LANGUAGE sql
IMMUTABLE
AS $procedure$
    SELECT CASE COALESCE(NULLIF(v_from, ''), 'UNKNOWN')
        WHEN 'UNKNOWN' THEN v_to IN ('NOT_STARTED', 'ACTIVE', 'SUCCEEDED', 'FAILED', 'FAILED_RESTARTED')
        WHEN 'NOT_STARTED' THEN v_to IN ('ACTIVE', 'FAILED', 'FAILED_RESTARTED')
        WHEN 'ACTIVE' THEN v_to IN ('SUCCEEDED', 'FAILED', 'FAILED_RESTARTED')
        WHEN 'SUCCEEDED' THEN false
        WHEN 'FAILED' THEN false
        WHEN 'FAILED_RESTARTED' THEN false
        ELSE v_to = 'FAILED' END
$procedure$;

-- save_commands stores commands as InsertOrUpdateCommandEntity does, many at once and in any order. It asks nobody who owns them.
-- Returns how many.
CREATE FUNCTION coco.save_commands(
    v_command_ids uuid[],
    v_command_types integer[],
    v_parent_ids uuid[],
    v_root_ids uuid[],
    v_parameters text[],
    v_classes text[],
    v_statuses text[],
    v_nulls integer[]
) RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_named uuid[];
    v_before public.command_entities[];
    v_changed record;
    v_saved integer;
BEGIN
    IF c_none = ANY (v_command_ids) THEN
        RAISE EXCEPTION 'the zero GUID is no command id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_command_ids) ORDER BY e.command_id FOR NO KEY UPDATE;
    -- Only commands that tasks name have anything to renew.
    v_named := ARRAY(SELECT c.command_id FROM coco.named_commands(v_command_ids) c(command_id));
    IF cardinality(v_named) > 0 THEN
        v_before := ARRAY(SELECT e FROM public.command_entities e WHERE e.command_id = ANY (v_named));
    END IF;
    INSERT INTO public.command_entities AS e (command_id, command_type, parent_command_id, root_command_id,
        action_parameters, action_parameters_class, created_at, status, finished_at)
    SELECT c.command_id, c.command_type, NULLIF(c.parent_id, c_none), NULLIF(c.root_id, c_none),
        CASE WHEN c.nulls & 1 = 0 THEN c.parameters END, CASE WHEN c.nulls & 2 = 0 THEN c.class END, now(),
        CASE WHEN c.nulls & 4 = 0 THEN c.status END, CASE WHEN coco.is_final(c.status) THEN now() END
    FROM unnest(v_command_ids, v_command_types, v_parent_ids, v_root_ids, v_parameters, v_classes, v_statuses, v_nulls)
        AS c(command_id, command_type, parent_id, root_id, parameters, class, status, nulls)
    ORDER BY c.command_id
    ON CONFLICT (command_id) DO UPDATE SET
        command_type = excluded.command_type,
        parent_command_id = excluded.parent_command_id,
        root_command_id = excluded.root_command_id,
        action_parameters = excluded.action_parameters,
        action_parameters_class = excluded.action_parameters_class,
        status = excluded.status,
        finished_at = CASE WHEN excluded.finished_at IS NOT NULL THEN COALESCE(e.finished_at, excluded.finished_at) END;
    GET DIAGNOSTICS v_saved = ROW_COUNT;
    FOR v_changed IN
        SELECT e.command_id,
            (b.action_parameters, b.action_parameters_class)
                IS DISTINCT FROM (e.action_parameters, e.action_parameters_class) AS values_changed,
            (b.parent_command_id, b.root_command_id) IS DISTINCT FROM (e.parent_command_id, e.root_command_id) AS links_changed
        FROM unnest(v_before) b JOIN public.command_entities e ON e.command_id = b.command_id
        ORDER BY e.command_id
    LOOP
        IF v_changed.values_changed OR v_changed.links_changed THEN
            PERFORM coco.renew_command(v_changed.command_id, v_changed.values_changed, v_changed.links_changed);
        END IF;
    END LOOP;
    RETURN v_saved;
END;
$procedure$;

-- named_commands are those of these commands that tasks name, or named when they were stored.
CREATE FUNCTION coco.named_commands(v_command_ids uuid[]) RETURNS SETOF uuid
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
    SELECT l.command_id FROM coco.ledger l WHERE l.command_id = ANY (v_command_ids)
    UNION
    SELECT l.root_command_id FROM coco.ledger l WHERE l.root_command_id = ANY (v_command_ids)
$procedure$;

-- made_progress forgets how often the trees of these commands were recovered. A command that another transaction has locked is
-- skipped: that one forgets it.
CREATE FUNCTION coco.made_progress(v_command_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM coco.command_owner o WHERE o.command_id = ANY (v_command_ids) AND o.recoveries > 0) THEN
        RETURN;
    END IF;
    UPDATE coco.command_owner o SET recoveries = 0
    WHERE o.command_id IN (
        SELECT k.command_id
        FROM coco.command_owner k
        WHERE k.recoveries > 0 AND k.command_id IN (
            SELECT e.command_id
            FROM public.command_entities e
            WHERE COALESCE(e.root_command_id, e.command_id) IN (
                SELECT COALESCE(m.root_command_id, m.command_id) FROM public.command_entities m WHERE m.command_id = ANY (v_command_ids)))
        FOR NO KEY UPDATE SKIP LOCKED);
END;
$procedure$;

-- persist_commands stores commands of an instance: new ones become its own, others must be. A parent is one of these commands, or is
-- there, has not finished and belongs to the instance or to nobody; it never changes. The root follows from it. The status is that of a
-- new command only: change_status changes it, and a program whose transaction was rolled back may believe in another. Returns
-- the commands as they are stored.
CREATE FUNCTION coco.persist_commands(
    v_instance_id uuid,
    v_command_ids uuid[],
    v_command_types integer[],
    v_parent_ids uuid[],
    v_parameters text[],
    v_classes text[],
    v_statuses text[],
    v_nulls integer[]
) RETURNS SETOF coco.command_head
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    v_parents uuid[];
    v_fenced uuid[];
    v_roots uuid[];
    v_inserted uuid[];
    v_there uuid[];
    v_changed uuid[];
    v_odd record;
    v_id uuid;
BEGIN
    IF cardinality(v_command_ids) = 0 THEN
        RETURN;
    END IF;
    IF c_none = ANY (v_command_ids) THEN
        RAISE EXCEPTION 'the zero GUID is no command id' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    v_parents := ARRAY(SELECT DISTINCT p FROM unnest(v_parent_ids) p WHERE p <> c_none AND p <> ALL (v_command_ids));
    v_there := ARRAY(SELECT e.command_id FROM public.command_entities e WHERE e.command_id = ANY (v_command_ids || v_parents));
    -- A parent that the engine has written belongs to nobody, and may have children all the same.
    v_fenced := v_there;
    IF cardinality(v_parents) > 0 THEN
        v_fenced := ARRAY(
            SELECT t FROM unnest(v_there) t WHERE t = ANY (v_command_ids)
            UNION ALL
            SELECT e.command_id FROM public.command_entities e
            WHERE e.command_id = ANY (v_parents)
                AND (e.finished_at IS NOT NULL OR EXISTS (SELECT 1 FROM coco.command_owner o WHERE o.command_id = e.command_id)));
    END IF;
    PERFORM coco.fence(v_instance_id, v_fenced);
    -- Its owner cannot lose a parent any more. What belongs to nobody may go until it is locked.
    IF NOT v_parents <@ v_fenced THEN
        PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_parents) ORDER BY e.command_id FOR KEY SHARE;
        SELECT c.id, c.parent_id INTO v_odd FROM unnest(v_command_ids, v_parent_ids) AS c(id, parent_id)
        WHERE c.parent_id = ANY (v_parents) AND NOT EXISTS (SELECT 1 FROM public.command_entities e WHERE e.command_id = c.parent_id)
        ORDER BY c.parent_id, c.id LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'command % is to be below command %, which is not there', v_odd.id, v_odd.parent_id
                USING ERRCODE = 'CO014', DETAIL = format('command=%s parent=%s', v_odd.id, v_odd.parent_id);
        END IF;
    END IF;

    IF cardinality(v_command_ids) = 1 THEN
        IF v_parent_ids[1] = v_command_ids[1] THEN
            v_roots := '{}';
        ELSE
            v_roots := ARRAY[(SELECT COALESCE(e.root_command_id, e.command_id) FROM public.command_entities e
                WHERE e.command_id = v_parent_ids[1])];
        END IF;
    ELSE
        -- From the commands whose parents are known downwards; whoever is not reached is in a cycle.
        WITH RECURSIVE given AS (
            SELECT c.id, c.parent_id FROM unnest(v_command_ids, v_parent_ids) AS c(id, parent_id)
        ), known(id, root) AS (
            SELECT g.id, COALESCE(e.root_command_id, e.command_id)
            FROM given g LEFT JOIN public.command_entities e ON e.command_id = g.parent_id
            WHERE g.parent_id = c_none OR g.parent_id = ANY (v_parents)
            UNION ALL
            SELECT g.id, COALESCE(k.root, k.id) FROM known k JOIN given g ON g.parent_id = k.id
        )
        SELECT array_agg(k.root ORDER BY c.position) INTO v_roots
        FROM unnest(v_command_ids) WITH ORDINALITY AS c(id, position) JOIN known k ON k.id = c.id;
    END IF;
    IF cardinality(v_roots) IS DISTINCT FROM cardinality(v_command_ids) THEN
        RAISE EXCEPTION 'commands would be below themselves, or come twice: % and others', v_command_ids[1]
            USING ERRCODE = 'CO015', DETAIL = format('command=%s', v_command_ids[1]);
    END IF;

    WITH stored AS (
        INSERT INTO public.command_entities AS e (command_id, command_type, parent_command_id, root_command_id,
            action_parameters, action_parameters_class, created_at, status, finished_at)
        SELECT c.id, c.command_type, NULLIF(c.parent_id, c_none), c.root,
            CASE WHEN c.nulls & 1 = 0 THEN c.parameters END, CASE WHEN c.nulls & 2 = 0 THEN c.class END, now(),
            CASE WHEN c.nulls & 4 = 0 THEN c.status END, CASE WHEN coco.is_final(c.status) THEN now() END
        FROM unnest(v_command_ids, v_command_types, v_parent_ids, v_roots, v_parameters, v_classes, v_statuses, v_nulls)
            AS c(id, command_type, parent_id, root, parameters, class, status, nulls)
        WHERE c.id <> ALL (v_there)
        ORDER BY c.id
        ON CONFLICT (command_id) DO NOTHING
        RETURNING e.command_id, e.finished_at
    ), owned AS (
        INSERT INTO coco.command_owner (command_id, instance_id)
        SELECT s.command_id, v_instance_id FROM stored s WHERE s.finished_at IS NULL
    )
    SELECT array_agg(s.command_id) INTO v_inserted FROM stored s;

    IF COALESCE(cardinality(v_inserted), 0) < cardinality(v_command_ids) THEN
        v_there := ARRAY(SELECT c FROM unnest(v_command_ids) c WHERE c <> ALL (COALESCE(v_inserted, '{}')));
        -- Also those that another transaction has stored meanwhile.
        PERFORM coco.fence(v_instance_id, v_there);
        PERFORM 1 FROM public.command_entities e WHERE e.command_id = ANY (v_there) ORDER BY e.command_id FOR NO KEY UPDATE;
        SELECT e.command_id, e.parent_command_id, c.parent_id
        INTO v_odd
        FROM unnest(v_command_ids, v_parent_ids) AS c(id, parent_id)
        JOIN public.command_entities e ON e.command_id = c.id
        WHERE c.id = ANY (v_there) AND NULLIF(c.parent_id, c_none) IS DISTINCT FROM e.parent_command_id
        ORDER BY e.command_id
        LIMIT 1;
        IF FOUND THEN
            PERFORM 1 FROM coco.command_chains(ARRAY[v_odd.parent_id]) k WHERE k.command_id = v_odd.command_id;
            IF FOUND THEN
                RAISE EXCEPTION 'command % would be below itself: command % is below it', v_odd.command_id, v_odd.parent_id
                    USING ERRCODE = 'CO015', DETAIL = format('command=%s parent=%s', v_odd.command_id, v_odd.parent_id);
            END IF;
            RAISE EXCEPTION 'command % has another parent: %, not %', v_odd.command_id,
                COALESCE(v_odd.parent_command_id::text, 'none'), COALESCE(NULLIF(v_odd.parent_id, c_none)::text, 'none')
                USING ERRCODE = 'CO014', HINT = 'A command keeps the parent it was stored with.',
                    DETAIL = format('command=%s parent=%s stored=%s', v_odd.command_id, v_odd.parent_id,
                        COALESCE(v_odd.parent_command_id::text, 'none'));
        END IF;

        WITH given AS (
            SELECT c.id, c.command_type, CASE WHEN c.nulls & 1 = 0 THEN c.parameters END AS parameters,
                CASE WHEN c.nulls & 2 = 0 THEN c.class END AS class
            FROM unnest(v_command_ids, v_command_types, v_parameters, v_classes, v_nulls) AS c(id, command_type, parameters, class, nulls)
            WHERE c.id = ANY (v_there)
        ), stored AS (
            UPDATE public.command_entities e SET
                command_type = g.command_type,
                action_parameters = g.parameters,
                action_parameters_class = g.class
            FROM given g
            WHERE g.id = e.command_id
                AND (e.command_type, e.action_parameters, e.action_parameters_class)
                    IS DISTINCT FROM (g.command_type, g.parameters, g.class)
            RETURNING e.command_id
        )
        SELECT array_agg(s.command_id ORDER BY s.command_id) INTO v_changed FROM stored s;
        FOR v_id IN SELECT n.command_id FROM coco.named_commands(v_changed) n(command_id) ORDER BY 1 LOOP
            PERFORM coco.renew_command(v_id, true, false);
        END LOOP;
        PERFORM coco.made_progress(v_changed);
    END IF;
    RETURN QUERY SELECT * FROM coco.command_head h WHERE h.command_id = ANY (v_command_ids);
END;
$procedure$;

-- change_status is a compare-and-set: the command must be the instance's and have one of the statuses v_from, and the change must be
-- one that is allowed.
CREATE FUNCTION coco.change_status(v_instance_id uuid, v_command_id uuid, v_from text[], v_to varchar(20)) RETURNS SETOF coco.command_head
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $procedure$
DECLARE
    v_before text;
BEGIN
    PERFORM coco.fence(v_instance_id, ARRAY[v_command_id]);
    UPDATE public.command_entities e SET
        status = v_to,
        finished_at = CASE WHEN coco.is_final(v_to) THEN COALESCE(e.finished_at, now()) END
    WHERE e.command_id = v_command_id AND COALESCE(NULLIF(e.status, ''), 'UNKNOWN') = ANY (v_from) AND coco.may_become(e.status, v_to);
    IF NOT FOUND THEN
        SELECT COALESCE(NULLIF(e.status, ''), 'UNKNOWN') INTO v_before FROM public.command_entities e WHERE e.command_id = v_command_id;
        RAISE EXCEPTION 'command % cannot go from % to %', v_command_id, v_before, v_to
            USING ERRCODE = 'CO011', DETAIL = format('command=%s status=%s', v_command_id, v_before);
    END IF;
    PERFORM coco.made_progress(ARRAY[v_command_id]);
    IF coco.is_final(v_to) THEN
        DELETE FROM coco.command_owner o WHERE o.command_id = v_command_id;
    END IF;
    RETURN QUERY SELECT * FROM coco.command_head h WHERE h.command_id = v_command_id;
END;
$procedure$;
