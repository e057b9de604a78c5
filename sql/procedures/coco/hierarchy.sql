-- Commands with what is above and below them, in one call. UNION, not UNION ALL: damaged rows may form a cycle.

-- command_chains returns these commands and all above them, each once. Looking each up by itself costs the same in every plan, so one
-- plan is kept: making one takes longer than following a chain.
CREATE FUNCTION coco.command_chains(v_command_ids uuid[]) RETURNS SETOF coco.command
LANGUAGE plpgsql
STABLE
SET plan_cache_mode = force_generic_plan
AS $procedure$
BEGIN
    RETURN QUERY
    WITH RECURSIVE chain(command_id, above) AS (
        SELECT e.command_id, COALESCE(e.parent_command_id, e.root_command_id)
        FROM public.command_entities e
        WHERE e.command_id = ANY (v_command_ids)
        UNION
        SELECT e.command_id, e.above
        FROM chain c
        CROSS JOIN LATERAL (
            SELECT n.command_id, COALESCE(n.parent_command_id, n.root_command_id) AS above
            FROM public.command_entities n
            WHERE n.command_id = c.above
            LIMIT 1
        ) AS e
    )
    SELECT k.*
    FROM chain c
    CROSS JOIN LATERAL (SELECT * FROM coco.command n WHERE n.command_id = c.command_id LIMIT 1) AS k;
END;
$procedure$;

-- command_hierarchy returns a command and all above it, from the command upwards: what the engine's getters return of each, in one call.
-- The rows are carried along, not looked up again: that is a quarter of its time.
CREATE FUNCTION coco.command_hierarchy(v_command_id uuid) RETURNS SETOF public.command_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY
    WITH RECURSIVE chain AS (
        SELECT e.*, ARRAY[e.command_id] AS path FROM public.command_entities e WHERE e.command_id = v_command_id
        UNION ALL
        SELECT e.*, c.path || e.command_id
        FROM chain c
        JOIN public.command_entities e ON e.command_id = COALESCE(c.parent_command_id, c.root_command_id)
        WHERE e.command_id <> ALL (c.path) -- damaged rows may form a cycle
    )
    SELECT c.command_id, c.command_type, c.parent_command_id, c.root_command_id, c.action_parameters, c.action_parameters_class,
        c.created_at, c.status, c.finished_at
    FROM chain c;
END;
$procedure$;

-- command_tree returns a command and all below it: those that name it, or one below it, as their parent or root.
CREATE FUNCTION coco.command_tree(v_command_id uuid) RETURNS SETOF coco.command
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY
    SELECT k.*
    FROM coco.below(v_command_id) b(command_id)
    JOIN coco.command k ON k.command_id = b.command_id
    ORDER BY k.created_at, k.command_id;
END;
$procedure$;

-- below are the ids of a command, if it is there, and of all below it.
CREATE FUNCTION coco.below(v_command_id uuid) RETURNS SETOF uuid
LANGUAGE sql
STABLE
AS $procedure$
    WITH RECURSIVE tree(command_id) AS (
        SELECT e.command_id FROM public.command_entities e WHERE e.command_id = v_command_id
        UNION
        SELECT link.command_id
        FROM tree t
        CROSS JOIN LATERAL (
            SELECT e.command_id FROM public.command_entities e WHERE e.parent_command_id = t.command_id
            UNION ALL
            SELECT e.command_id FROM public.command_entities e WHERE e.root_command_id = t.command_id
        ) AS link
    )
    SELECT t.command_id FROM tree t
$procedure$;
