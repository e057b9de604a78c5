-- What the way back cannot leave in async_tasks.

-- unheld_commands lists the commands that async_tasks cannot hold at all: none of its tasks names them, nor as its root. While
-- async_tasks counts, a command that only the ledger still knows was its last task's, and went with it; and until all is copied, there
-- is none that was not a task's.
CREATE FUNCTION coco.unheld_commands() RETURNS SETOF public.command_entities
LANGUAGE plpgsql
STABLE
AS $procedure$
BEGIN
    RETURN QUERY EXECUTE format($query$
    WITH task AS (
        SELECT t.command_id, t.root_command_id FROM (%s) AS t
    )
    SELECT e.*
    FROM public.command_entities e
    WHERE NOT EXISTS (SELECT 1 FROM task t WHERE t.command_id = e.command_id)
        AND NOT EXISTS (SELECT 1 FROM task t WHERE t.root_command_id = e.command_id)
        AND NOT EXISTS (SELECT 1 FROM coco.to_release r WHERE r.command_id = e.command_id)
        AND ((SELECT s.serves = 'command_entities' FROM coco.state s) OR NOT EXISTS (SELECT 1 FROM coco.progress p WHERE NOT p.finished) AND NOT coco.is_needed(e.command_id))
    $query$, coco.held_tasks('tasks'));
END;
$procedure$;

-- lost_commands lists every command that is not, column by column, what an upgrade would make again of the tasks as the way back
-- leaves them. named: a task names it, so that async_tasks holds a part of it. Before the switch, commands are what the
-- tasks say, and only an unheld one is lost; once command_entities has counted, this is no longer so, also on the way back.
CREATE FUNCTION coco.lost_commands()
RETURNS TABLE (
    named boolean,
    command_id uuid,
    command_type integer,
    parent_command_id uuid,
    root_command_id uuid,
    action_parameters text,
    action_parameters_class varchar(256),
    created_at timestamptz,
    status varchar(20),
    finished_at timestamptz
)
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    v_state coco.state;
BEGIN
    SELECT * INTO v_state FROM coco.state;
    IF NOT v_state.served THEN
        RETURN QUERY SELECT false, u.* FROM coco.unheld_commands() u;
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH held AS (
            SELECT h.command_id, h.command_type, h.parent_command_id, h.root_command_id,
                CASE WHEN h.own THEN t.task_parameters ELSE t.action_parameters END AS action_parameters,
                CASE WHEN h.own THEN t.task_params_class ELSE t.action_params_class END AS action_parameters_class,
                h.created_at, h.status
            FROM (%s) AS h
            JOIN %s t ON t.task_id = h.task_id
        ), unheld AS (
            SELECT u.command_id FROM coco.unheld_commands() u
        ), damaged AS (
            -- A task that does not read back what was stored for it: which values come back is decided on the way.
            SELECT DISTINCT c.id AS command_id
            FROM coco.ledger l
            JOIN coco.async_task v ON v.task_id = l.task_id
            CROSS JOIN LATERAL (VALUES (l.command_id), (l.root_command_id), (v.command_id), (v.root_command_id)) AS c(id)
            WHERE l.fingerprint <> coco.fingerprint(v.root_command_id, v.action_parameters, v.action_params_class,
                v.task_parameters, v.task_params_class)
        )
        SELECT e.command_id NOT IN (SELECT u.command_id FROM unheld u), e.*
        FROM public.command_entities e
        LEFT JOIN held h ON h.command_id = e.command_id
        -- A join, not IN: under OR a subquery of that size would be read anew for every command.
        LEFT JOIN damaged d ON d.command_id = e.command_id
        WHERE h.command_id IS NULL
            OR (e.command_type, e.parent_command_id, e.root_command_id, e.action_parameters, e.action_parameters_class,
                e.created_at, e.status)
                IS DISTINCT FROM (h.command_type, h.parent_command_id, h.root_command_id, h.action_parameters,
                h.action_parameters_class, h.created_at, h.status)
            OR e.finished_at IS NOT NULL
            OR d.command_id IS NOT NULL
        $query$, coco.held_commands('tasks', false), CASE v_state.serves WHEN 'async_tasks' THEN 'public.async_tasks' ELSE 'coco.async_task' END);
END;
$procedure$;
