-- Which commands async_tasks holds, and as what: the one mapping from tasks to commands. The backfill copies by it, and the way
-- back tells by it which commands would be lost.

-- held_tasks are the tasks as their commands see them, without the texts: those that name one of v_commands, by way of the
-- ledger, which has an index for it; with NULL all of them, as async_tasks will hold them after the way back.
CREATE FUNCTION coco.held_tasks(v_commands uuid[])
RETURNS TABLE (
    task_id uuid,
    command_id uuid,
    root_command_id uuid,
    action_type integer,
    submitted boolean,
    has_action boolean,
    has_task boolean,
    started_at timestamptz
)
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    c_none CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    IF v_commands IS NOT NULL THEN
        RETURN QUERY
        SELECT t.task_id, l.command_id, l.root_command_id, t.action_type, t.vdsm_task_id IS DISTINCT FROM c_none,
            t.action_parameters IS NOT NULL, t.task_parameters IS NOT NULL, t.started_at
        FROM coco.ledger l
        JOIN public.async_tasks t ON t.task_id = l.task_id
        WHERE l.command_id = ANY (v_commands) OR l.root_command_id = ANY (v_commands);
    ELSIF (SELECT s.serves = 'async_tasks' FROM coco.state s) THEN
        RETURN QUERY
        SELECT t.task_id, NULLIF(t.command_id, c_none), NULLIF(t.root_command_id, c_none), t.action_type,
            t.vdsm_task_id IS DISTINCT FROM c_none, t.action_parameters IS NOT NULL, t.task_parameters IS NOT NULL, t.started_at
        FROM public.async_tasks t;
    ELSE
        RETURN QUERY
        SELECT t.task_id, NULLIF(t.command_id, c_none), NULLIF(t.root_command_id, c_none), t.action_type,
            t.vdsm_task_id IS DISTINCT FROM c_none, t.action_parameters IS NOT NULL, t.task_parameters IS NOT NULL, t.started_at
        FROM coco.async_task t;
    END IF;
END;
$procedure$;

-- held_commands maps these tasks to commands: one for every distinct root id, one for every command id that is nobody's root.
-- A command's values are those of the task that stands for it (task_id): submitted first, then of a known type, then with
-- parameters, then the latest, then the smallest id. own says which of its parameters: task_parameters, else action_parameters.
CREATE FUNCTION coco.held_commands(v_commands uuid[])
RETURNS TABLE (
    command_id uuid,
    command_type integer,
    parent_command_id uuid,
    root_command_id uuid,
    created_at timestamptz,
    status varchar(20),
    task_id uuid,
    own boolean
)
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY
    WITH task AS (
        SELECT * FROM coco.held_tasks(v_commands)
    ), root AS (
        SELECT DISTINCT ON (t.root_command_id)
            t.root_command_id AS command_id, t.task_id, t.action_type,
            min(t.started_at) OVER (PARTITION BY t.root_command_id) AS started_at
        FROM task t
        WHERE t.root_command_id IS NOT NULL
        ORDER BY t.root_command_id, t.submitted DESC, t.action_type <> 0 DESC, t.has_action DESC,
            t.started_at DESC NULLS LAST, t.task_id
    ), mine AS (
        SELECT DISTINCT ON (t.command_id)
            t.command_id, t.task_id, t.action_type, t.root_command_id, t.submitted,
            min(t.started_at) OVER (PARTITION BY t.command_id) AS started_at
        FROM task t
        WHERE t.command_id IS NOT NULL
        ORDER BY t.command_id, t.submitted DESC, t.action_type <> 0 DESC, t.has_task DESC,
            t.started_at DESC NULLS LAST, t.task_id
    )
    -- A root may have a task of its own that names another root: then it hangs below that one.
    SELECT r.command_id, r.action_type,
        NULLIF(m.root_command_id, r.command_id), COALESCE(m.root_command_id, r.command_id),
        LEAST(r.started_at, m.started_at), 'ACTIVE'::varchar(20), r.task_id, false
    FROM root r
    LEFT JOIN mine m ON m.command_id = r.command_id
    WHERE v_commands IS NULL OR r.command_id = ANY (v_commands)
    UNION ALL
    SELECT m.command_id, CASE WHEN m.root_command_id IS NULL THEN m.action_type ELSE 0 END,
        m.root_command_id, m.root_command_id, m.started_at,
        CASE WHEN m.submitted THEN 'ACTIVE' ELSE 'NOT_STARTED' END::varchar(20), m.task_id, m.root_command_id IS NOT NULL
    FROM mine m
    WHERE NOT EXISTS (SELECT 1 FROM root r WHERE r.command_id = m.command_id)
        AND (v_commands IS NULL OR m.command_id = ANY (v_commands));
END;
$procedure$;
