-- coco:lock async_tasks EXCLUSIVE
-- Puts the writers of both places back: async_tasks counts again. What was written to command_entities alone goes back into its columns first; where async_tasks
-- itself still holds what has to be read back, it stays as it is, whatever has become of the new table.
LOCK TABLE public.async_tasks IN EXCLUSIVE MODE;
SELECT coco.require_procedures();

CREATE TEMPORARY TABLE coco_going_back ON COMMIT DROP AS
SELECT v.*,
    l.fingerprint <> coco.fingerprint(v.root_command_id, v.action_parameters, v.action_params_class,
        v.task_parameters, v.task_params_class) AS differs,
    COALESCE(l.moved_from, l.fingerprint, coco.fingerprint(NULL, NULL, NULL, NULL, NULL)) <> coco.fingerprint(t.root_command_id,
        t.action_parameters, t.action_params_class, t.task_parameters, t.task_params_class) AS written
FROM coco.async_task v
JOIN public.async_tasks t ON t.task_id = v.task_id
LEFT JOIN coco.ledger l ON l.task_id = v.task_id
WHERE l.fingerprint IS NULL
    OR l.fingerprint <> coco.fingerprint(t.root_command_id, t.action_parameters, t.action_params_class,
        t.task_parameters, t.task_params_class);

DO $check$
DECLARE
    v_task_id uuid;
BEGIN
    IF current_setting('coco.accept_drift', true) = 'on' THEN
        RETURN;
    END IF;
    SELECT task_id INTO v_task_id FROM coco_going_back WHERE differs ORDER BY task_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'changed behind the procedures'' back: task %: its command''s values are not those that were stored for it',
            v_task_id
            USING ERRCODE = 'CO004',
                HINT = 'See "upgrade verify" for all such rows and put them right, from a backup if need be. '
                    '"upgrade down --accept-drift" takes them as they are.';
    END IF;
    -- Nobody else has what was written there.
    SELECT task_id INTO v_task_id FROM coco_going_back WHERE written ORDER BY task_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'task %: a column of async_tasks that has moved was written after the switch', v_task_id
            USING ERRCODE = 'CO004',
                HINT = 'If async_tasks is right, store what it holds with updateasync_tasks; if not, '
                    '"upgrade down --accept-drift" takes what the task reads now.';
    END IF;
END;
$check$;

UPDATE public.async_tasks t SET
    action_parameters = v.action_parameters,
    action_params_class = v.action_params_class,
    task_parameters = v.task_parameters,
    task_params_class = v.task_params_class,
    root_command_id = v.root_command_id
FROM coco_going_back v
WHERE v.task_id = t.task_id;
UPDATE coco.ledger l SET
    root_command_id = NULLIF(v.root_command_id, '00000000-0000-0000-0000-000000000000'),
    fingerprint = coco.fingerprint(v.root_command_id, v.action_parameters, v.action_params_class,
        v.task_parameters, v.task_params_class)
FROM coco_going_back v
WHERE v.task_id = l.task_id;
UPDATE coco.ledger SET moved_from = NULL WHERE moved_from IS NOT NULL;
-- Programs that keep their commands here have to start anew after another switch.
UPDATE coco.engine_instance SET ended_at = clock_timestamp(), ended_because = 'taken back' WHERE ended_at IS NULL;
UPDATE coco.state SET version = 7, serves = 'async_tasks';
SELECT coco.unpark(8);
DELETE FROM coco.drain WHERE version = 8;
