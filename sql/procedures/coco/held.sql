-- Which commands async_tasks holds, and as what: the one mapping from tasks to commands. The backfill copies by it, and the way
-- back tells by it which commands would be lost.

-- held_tasks is a query for the tasks as their commands see them, without the texts. From 'table' all of them, with their places; from
-- 'commands' those that name one of $1, by way of the ledger, which has an index for it; else all of them, as async_tasks will hold them
-- after the way back. A query, because a million rows had better not be put by in between.
CREATE FUNCTION coco.held_tasks(v_from text) RETURNS text
LANGUAGE plpgsql
STABLE
AS $procedure$
DECLARE
    c_columns CONSTANT text := $columns$t.action_type,
        t.vdsm_task_id IS DISTINCT FROM '00000000-0000-0000-0000-000000000000' AS submitted,
        t.action_parameters IS NOT NULL AS has_action, t.task_parameters IS NOT NULL AS has_task, t.started_at$columns$;
BEGIN
    IF v_from = 'commands' THEN
        RETURN format('SELECT t.task_id, l.command_id, l.root_command_id, %s, NULL::tid AS place
            FROM coco.ledger l
            JOIN public.async_tasks t ON t.task_id = l.task_id
            WHERE l.command_id = ANY ($1) OR l.root_command_id = ANY ($1)', c_columns);
    END IF;
    RETURN format('SELECT t.task_id, NULLIF(t.command_id, %1$L) AS command_id, NULLIF(t.root_command_id, %1$L) AS root_command_id, %2$s,
            %3$s AS place FROM %4$s t', '00000000-0000-0000-0000-000000000000', c_columns,
        CASE v_from WHEN 'table' THEN 't.ctid' ELSE 'NULL::tid' END,
        (SELECT CASE s.serves WHEN 'async_tasks' THEN 'public.async_tasks' ELSE 'coco.async_task' END FROM coco.state s));
END;
$procedure$;

-- held_commands is a query that maps these tasks to commands: one for every distinct root id, one for every command id that is nobody's
-- root. A command's values are those of the task that stands for it (task_id): submitted first, then of a known type, then with
-- parameters, then the latest, then the smallest id. own says which of its parameters: task_parameters, else action_parameters.
-- v_between: only the commands whose ids are $1 or more, and less than $2 unless that is NULL.
CREATE FUNCTION coco.held_commands(v_from text, v_between boolean) RETURNS text
LANGUAGE sql
STABLE
AS $procedure$
    SELECT format($query$
        WITH root AS (
            SELECT DISTINCT ON (t.root_command_id)
                t.root_command_id AS command_id, t.task_id, t.action_type, min(t.started_at) OVER all_of_it AS started_at,
                t.place
            FROM (%1$s) AS t
            WHERE t.root_command_id IS NOT NULL %2$s
            WINDOW all_of_it AS (
                PARTITION BY t.root_command_id
                ORDER BY t.submitted DESC, t.action_type <> 0 DESC, t.has_action DESC, t.started_at DESC NULLS LAST, t.task_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) -- ordered, so that it is sorted once
            ORDER BY t.root_command_id, t.submitted DESC, t.action_type <> 0 DESC, t.has_action DESC,
                t.started_at DESC NULLS LAST, t.task_id
        ), mine AS (
            SELECT DISTINCT ON (t.command_id)
                t.command_id, t.task_id, t.action_type, t.root_command_id, t.submitted,
                min(t.started_at) OVER all_of_it AS started_at,
                t.place
            FROM (%1$s) AS t
            WHERE t.command_id IS NOT NULL %3$s
            WINDOW all_of_it AS (
                PARTITION BY t.command_id
                ORDER BY t.submitted DESC, t.action_type <> 0 DESC, t.has_task DESC, t.started_at DESC NULLS LAST, t.task_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
            ORDER BY t.command_id, t.submitted DESC, t.action_type <> 0 DESC, t.has_task DESC,
                t.started_at DESC NULLS LAST, t.task_id
        )
        -- A root may have a task of its own that names another root: then it hangs below that one.
        SELECT r.command_id, r.action_type AS command_type,
            NULLIF(m.root_command_id, r.command_id) AS parent_command_id, COALESCE(m.root_command_id, r.command_id) AS root_command_id,
            LEAST(r.started_at, m.started_at) AS created_at, 'ACTIVE'::varchar(20) AS status, r.task_id, false AS own,
            r.place
        FROM root r
        LEFT JOIN mine m ON m.command_id = r.command_id
        UNION ALL
        SELECT m.command_id, CASE WHEN m.root_command_id IS NULL THEN m.action_type ELSE 0 END,
            m.root_command_id, m.root_command_id, m.started_at,
            CASE WHEN m.submitted THEN 'ACTIVE' ELSE 'NOT_STARTED' END::varchar(20), m.task_id, m.root_command_id IS NOT NULL,
            m.place
        FROM mine m
        WHERE NOT EXISTS (SELECT 1 FROM root r WHERE r.command_id = m.command_id)
        $query$, coco.held_tasks(v_from),
        CASE WHEN v_between THEN 'AND t.root_command_id >= $1 AND ($2 IS NULL OR t.root_command_id < $2)' END,
        CASE WHEN v_between THEN 'AND t.command_id >= $1 AND ($2 IS NULL OR t.command_id < $2)' END)
$procedure$;
