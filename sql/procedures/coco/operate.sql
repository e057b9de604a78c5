-- What operators see and do: commands without their parameters, which may hold passwords.

-- require_switch refuses while commands are only what the tasks say.
CREATE FUNCTION coco.require_switch() RETURNS void
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM coco.state s WHERE s.serves = 'command_entities') THEN
        RAISE EXCEPTION 'there are no commands to work on before the switch: until then they are what the tasks say'
            USING ERRCODE = 'CO001', HINT = 'Run "upgrade up --to switch", or further, first.';
    END IF;
END;
$procedure$;

-- list_commands returns one page: the commands behind a place in the list, at most v_limit of them. The list has three parts, each in
-- the order of an index: unfinished commands with a time, the newest first; those without one, by id; finished commands, by id. The
-- place is a part, and the time and id of the last command of the page before; part 0 is the beginning. NULL, or false, of what is to be
-- listed means that it does not matter.
CREATE FUNCTION coco.list_commands(
    v_unfinished boolean,
    v_statuses text[],
    v_types integer[],
    v_owner_id uuid,
    v_no_owner boolean,
    v_held boolean,
    v_roots boolean,
    v_since timestamptz,
    v_before timestamptz,
    v_after_part integer,
    v_after_time text,
    v_after_id uuid,
    v_limit integer
) RETURNS SETOF coco.command_overview
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- A plan for any arguments would not use the index that fits these.
SET plan_cache_mode = force_custom_plan
AS $procedure$
DECLARE
    v_time CONSTANT timestamptz := v_after_time;
    v_left integer := v_limit;
    v_rows integer;
BEGIN
    PERFORM coco.require_switch();
    IF v_after_part <= 1 THEN
        RETURN QUERY
        SELECT o.* FROM coco.command_overview o
        WHERE o.finished_at IS NULL AND o.created_at IS NOT NULL
            AND (v_after_part = 0
                OR o.created_at <= v_time AND (o.created_at, o.command_id) < (v_time, v_after_id))
            AND (v_statuses IS NULL OR o.status = ANY (v_statuses))
            AND (v_types IS NULL OR o.command_type = ANY (v_types))
            AND (v_owner_id IS NULL OR o.owner_id = v_owner_id)
            AND (NOT v_no_owner OR o.owner_id IS NULL)
            AND (NOT v_held OR o.held_at IS NOT NULL)
            AND (NOT v_roots OR o.parent_command_id IS NULL AND COALESCE(o.root_command_id, o.command_id) = o.command_id)
            AND (v_since IS NULL OR o.created_at >= v_since)
            AND (v_before IS NULL OR o.created_at < v_before)
        ORDER BY o.created_at DESC, o.command_id DESC
        LIMIT v_left;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_left := v_left - v_rows;
    END IF;
    IF v_after_part <= 2 AND v_left > 0 THEN
        RETURN QUERY
        SELECT o.* FROM coco.command_overview o
        WHERE o.finished_at IS NULL AND o.created_at IS NULL
            AND (v_after_part < 2 OR o.command_id > v_after_id)
            AND (v_statuses IS NULL OR o.status = ANY (v_statuses))
            AND (v_types IS NULL OR o.command_type = ANY (v_types))
            AND (v_owner_id IS NULL OR o.owner_id = v_owner_id)
            AND (NOT v_no_owner OR o.owner_id IS NULL)
            AND (NOT v_held OR o.held_at IS NOT NULL)
            AND (NOT v_roots OR o.parent_command_id IS NULL AND COALESCE(o.root_command_id, o.command_id) = o.command_id)
            AND v_since IS NULL AND v_before IS NULL
        ORDER BY o.command_id
        LIMIT v_left;
        GET DIAGNOSTICS v_rows = ROW_COUNT;
        v_left := v_left - v_rows;
    END IF;
    IF NOT v_unfinished AND v_left > 0 THEN
        RETURN QUERY
        SELECT o.* FROM coco.command_overview o
        WHERE o.finished_at IS NOT NULL
            AND (v_after_part < 3 OR o.command_id > v_after_id)
            AND (v_statuses IS NULL OR o.status = ANY (v_statuses))
            AND (v_types IS NULL OR o.command_type = ANY (v_types))
            AND (NOT v_roots OR o.parent_command_id IS NULL AND COALESCE(o.root_command_id, o.command_id) = o.command_id)
            AND (v_since IS NULL OR o.created_at >= v_since)
            AND (v_before IS NULL OR o.created_at < v_before)
        ORDER BY o.command_id
        LIMIT v_left;
    END IF;
END;
$procedure$;

-- tree_overview returns a command, or with v_whole the root of its tree, and all below it: the topmost first, then by age.
CREATE FUNCTION coco.tree_overview(v_command_id uuid, v_whole boolean) RETURNS SETOF coco.command_overview
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
DECLARE
    v_top uuid := v_command_id;
BEGIN
    PERFORM coco.require_switch();
    IF v_whole THEN
        WITH RECURSIVE chain(command_id, above) AS (
            SELECT e.command_id, NULLIF(COALESCE(e.parent_command_id, e.root_command_id), e.command_id)
            FROM public.command_entities e
            WHERE e.command_id = v_command_id
            UNION
            SELECT e.command_id, NULLIF(COALESCE(e.parent_command_id, e.root_command_id), e.command_id)
            FROM chain c JOIN public.command_entities e ON e.command_id = c.above
        )
        -- Damaged rows may form a circle, which has no top.
        SELECT COALESCE(max(c.command_id::text) FILTER (WHERE c.above IS NULL), v_command_id::text)::uuid INTO v_top FROM chain c;
    END IF;
    RETURN QUERY
    SELECT o.*
    FROM coco.below(v_top) b(command_id)
    JOIN coco.command_overview o ON o.command_id = b.command_id
    ORDER BY o.command_id <> v_top, o.created_at, o.command_id;
END;
$procedure$;

-- take_out removes a command with all below it, as remove_command does for an operator, and returns what it has removed as lines of an
-- export.
CREATE FUNCTION coco.take_out(v_command_id uuid, v_unfinished boolean) RETURNS SETOF coco.exported_command
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $procedure$
BEGIN
    PERFORM coco.require_switch();
    RETURN QUERY
    SELECT e.command_id, (SELECT row_to_json(line)::text FROM (
        SELECT 1 AS coco_command, e.command_id, e.command_type, e.parent_command_id, e.root_command_id,
            e.action_parameters, e.action_parameters_class, e.created_at, e.status, e.finished_at) AS line)
    FROM coco.remove_command(NULL, v_command_id, v_unfinished) e;
END;
$procedure$;
