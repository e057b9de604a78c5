-- Tasks with their commands, as the coordinator keeps them.

-- name: SaveTask :many
SELECT * FROM coco.save_task(
    v_instance_id => sqlc.arg(instance_id),
    v_task_id => sqlc.arg(task_id),
    v_action_type => sqlc.arg(action_type),
    v_status => sqlc.arg(status),
    v_result => sqlc.arg(result),
    v_vdsm_task_id => sqlc.arg(vdsm_task_id),
    v_step_id => sqlc.arg(step_id),
    v_command_id => sqlc.arg(command_id),
    v_started_at => sqlc.narg(started_at),
    v_storage_pool_id => sqlc.arg(storage_pool_id),
    v_task_type => sqlc.arg(task_type),
    v_entity_ids => sqlc.arg(entity_ids)::uuid[],
    v_entity_types => sqlc.arg(entity_types)::text[],
    v_command_ids => sqlc.arg(command_ids)::uuid[],
    v_command_types => sqlc.arg(command_types)::integer[],
    v_parent_ids => sqlc.arg(parent_ids)::uuid[],
    v_parameters => sqlc.arg(parameters)::text[],
    v_classes => sqlc.arg(classes)::text[],
    v_statuses => sqlc.arg(statuses)::text[],
    v_nulls => sqlc.arg(nulls)::integer[]
);

-- name: TasksWithCommands :many
SELECT * FROM coco.tasks_with_commands(
    v_task_id => sqlc.narg(task_id),
    v_entity_id => sqlc.narg(entity_id),
    v_storage_pool_id => sqlc.narg(storage_pool_id),
    v_vdsm_task_id => sqlc.narg(vdsm_task_id)
);

-- name: RemoveTasks :many
SELECT * FROM coco.remove_tasks(
    v_instance_id => sqlc.arg(instance_id),
    v_task_id => sqlc.narg(task_id),
    v_vdsm_task_id => sqlc.narg(vdsm_task_id),
    v_commands => sqlc.arg(commands)
);
