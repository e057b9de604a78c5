-- async_tasks counts again: what was written to command_entities alone goes back into its columns first.
LOCK TABLE public.async_tasks IN EXCLUSIVE MODE;

UPDATE public.async_tasks t SET
    action_parameters = v.action_parameters,
    action_params_class = v.action_params_class,
    task_parameters = v.task_parameters,
    task_params_class = v.task_params_class,
    root_command_id = v.root_command_id
FROM coco.async_task v
WHERE v.task_id = t.task_id
    AND (t.action_parameters, t.action_params_class, t.task_parameters, t.task_params_class, t.root_command_id)
        IS DISTINCT FROM
        (v.action_parameters, v.action_params_class, v.task_parameters, v.task_params_class, v.root_command_id);
UPDATE coco.ledger SET moved = false WHERE moved;
UPDATE coco.state SET serves = 'async_tasks';
SELECT coco.unpark(8);
DELETE FROM coco.drain WHERE version = 8;
