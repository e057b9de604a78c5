-- coco:lock async_tasks ACCESS EXCLUSIVE
-- coco:lock schema_version ACCESS SHARE
-- Puts the procedures with the old signatures back. Tasks that came since are entered in the ledger, as the old writers would have done.
LOCK TABLE public.async_tasks IN EXCLUSIVE MODE;
SELECT coco.require_procedures();
SELECT coco.require_values();
DROP TRIGGER coco_release_update ON public.async_tasks;
SELECT coco.unpark(10);

-- A task may name a command that nobody has stored. Whoever stores it from here on must not give that task its values.
INSERT INTO coco.archive AS a (task_id, keeps_root, root_command_id,
    keeps_action, action_parameters, action_params_class,
    keeps_task, task_parameters, task_params_class)
SELECT v.task_id, true, v.root_command_id, true, v.action_parameters, v.action_params_class,
    true, v.task_parameters, v.task_params_class
FROM coco.async_task v
LEFT JOIN coco.ledger l ON l.task_id = v.task_id
WHERE l.fingerprint IS NULL AND v.command_id <> '00000000-0000-0000-0000-000000000000'
    AND NOT EXISTS (SELECT 1 FROM public.command_entities e WHERE e.command_id = v.command_id)
ON CONFLICT (task_id) DO UPDATE SET
    keeps_root = true, root_command_id = excluded.root_command_id,
    keeps_action = true, action_parameters = excluded.action_parameters, action_params_class = excluded.action_params_class,
    keeps_task = true, task_parameters = excluded.task_parameters, task_params_class = excluded.task_params_class;

INSERT INTO coco.ledger (task_id, command_id, root_command_id, fingerprint)
SELECT v.task_id, NULLIF(v.command_id, '00000000-0000-0000-0000-000000000000'),
    NULLIF(v.root_command_id, '00000000-0000-0000-0000-000000000000'),
    coco.fingerprint(v.root_command_id, v.action_parameters, v.action_params_class, v.task_parameters, v.task_params_class)
FROM coco.async_task v
LEFT JOIN coco.ledger l ON l.task_id = v.task_id
WHERE l.fingerprint IS NULL
ON CONFLICT (task_id) DO UPDATE SET
    command_id = excluded.command_id,
    root_command_id = excluded.root_command_id,
    fingerprint = excluded.fingerprint;
UPDATE coco.state SET version = 9, retired = false;
