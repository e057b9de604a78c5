-- How many tasks hold what their commands cannot give back exactly, and why; a task may do so for several reasons. It maps tasks to
-- commands as coco.held_commands does, which is not there yet. Values are compared by hashes: that NULL is none keeps them apart.
WITH task AS MATERIALIZED (
    SELECT t.task_id, t.root_command_id AS given_root,
        NULLIF(t.command_id, '00000000-0000-0000-0000-000000000000') AS own,
        NULLIF(t.root_command_id, '00000000-0000-0000-0000-000000000000') AS root,
        t.vdsm_task_id IS DISTINCT FROM '00000000-0000-0000-0000-000000000000' AS submitted,
        t.action_type <> 0 AS typed, t.started_at,
        t.action_parameters IS NOT NULL AS has_action, t.task_parameters IS NOT NULL AS has_task,
        (hashtextextended(t.action_parameters, 0), t.action_params_class) AS action,
        (hashtextextended(t.task_parameters, 0), t.task_params_class) AS task,
        octet_length(t.action_parameters) AS action_length, octet_length(t.action_params_class) AS action_class_length,
        octet_length(t.task_parameters) AS task_length, octet_length(t.task_params_class) AS task_class_length
    FROM public.async_tasks t
), root AS (
    SELECT DISTINCT ON (t.root) t.root AS command_id, t.action
    FROM task t
    WHERE t.root IS NOT NULL
    ORDER BY t.root, t.submitted DESC, t.typed DESC, t.has_action DESC, t.started_at DESC NULLS LAST, t.task_id
), mine AS (
    SELECT DISTINCT ON (t.own) t.own AS command_id, t.root, t.action, t.task
    FROM task t
    WHERE t.own IS NOT NULL
    ORDER BY t.own, t.submitted DESC, t.typed DESC, t.has_task DESC, t.started_at DESC NULLS LAST, t.task_id
), command AS (
    SELECT r.command_id, COALESCE(m.root, r.command_id) AS root, r.action AS value
    FROM root r LEFT JOIN mine m ON m.command_id = r.command_id
    UNION ALL
    SELECT m.command_id, m.root, CASE WHEN m.root IS NULL THEN m.action ELSE m.task END
    FROM mine m
    WHERE NOT EXISTS (SELECT 1 FROM root r WHERE r.command_id = m.command_id)
), compared AS (
    SELECT t.given_root IS DISTINCT FROM own.root AS other_root,
        CASE WHEN acting.command_id IS NULL THEN ROW(t.action) IS DISTINCT FROM ROW(ROW(NULL::bigint, NULL::varchar))
            ELSE t.action IS DISTINCT FROM acting.value END AS other_action,
        CASE WHEN own.command_id IS NULL THEN ROW(t.task) IS DISTINCT FROM ROW(ROW(NULL::bigint, NULL::varchar))
            ELSE t.task IS DISTINCT FROM own.value END AS other_task
    FROM task t
    LEFT JOIN command own ON own.command_id = t.own
    LEFT JOIN command acting ON acting.command_id = COALESCE(t.root, t.own)
)
SELECT count(*) FILTER (WHERE c.other_root OR c.other_action OR c.other_task),
    count(*) FILTER (WHERE c.other_root), count(*) FILTER (WHERE c.other_action), count(*) FILTER (WHERE c.other_task),
    COALESCE((SELECT max(action_length) FROM task), 0), COALESCE((SELECT max(action_class_length) FROM task), 0),
    COALESCE((SELECT max(task_length) FROM task), 0), COALESCE((SELECT max(task_class_length) FROM task), 0), 16
FROM compared c
