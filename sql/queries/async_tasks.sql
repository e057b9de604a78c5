-- Tasks. Getters return a task with its command's values.

-- name: InsertAsyncTask :exec
SELECT Insertasync_tasks(
    v_action_type => sqlc.arg(action_type),
    v_result => sqlc.arg(result),
    v_status => sqlc.arg(status),
    v_vdsm_task_id => sqlc.narg(vdsm_task_id),
    v_task_id => sqlc.arg(task_id),
    v_step_id => sqlc.narg(step_id),
    v_command_id => sqlc.arg(command_id),
    v_started_at => sqlc.narg(started_at),
    v_storage_pool_id => sqlc.narg(storage_pool_id),
    v_async_task_type => sqlc.arg(task_type)
);

-- name: UpdateAsyncTask :exec
SELECT Updateasync_tasks(
    v_action_type => sqlc.arg(action_type),
    v_result => sqlc.arg(result),
    v_status => sqlc.arg(status),
    v_vdsm_task_id => sqlc.narg(vdsm_task_id),
    v_task_id => sqlc.arg(task_id),
    v_step_id => sqlc.narg(step_id),
    v_command_id => sqlc.arg(command_id),
    v_storage_pool_id => sqlc.narg(storage_pool_id)
);

-- name: InsertOrUpdateAsyncTask :exec
SELECT InsertOrUpdateAsyncTasks(
    v_action_type => sqlc.arg(action_type),
    v_result => sqlc.arg(result),
    v_status => sqlc.arg(status),
    v_vdsm_task_id => sqlc.narg(vdsm_task_id),
    v_task_id => sqlc.arg(task_id),
    v_step_id => sqlc.narg(step_id),
    v_command_id => sqlc.arg(command_id),
    v_started_at => sqlc.narg(started_at),
    v_storage_pool_id => sqlc.narg(storage_pool_id),
    v_async_task_type => sqlc.arg(task_type)
);

-- name: DeleteAsyncTask :one
SELECT Deleteasync_tasks(v_task_id => sqlc.arg(task_id));

-- name: DeleteAsyncTasksByVdsmTaskID :one
SELECT DeleteAsyncTasksByVdsmTaskId(v_vdsm_task_id => sqlc.arg(vdsm_task_id));

-- name: GetAsyncTask :one
SELECT * FROM Getasync_tasksBytask_id(v_task_id => sqlc.arg(task_id));

-- name: GetAllAsyncTasks :many
SELECT * FROM GetAllFromasync_tasks();

-- name: GetAsyncTasksByEntityID :many
SELECT * FROM GetAsyncTasksByEntityId(v_entity_id => sqlc.arg(entity_id));

-- name: GetAsyncTasksByVdsmTaskID :many
SELECT * FROM GetAsyncTasksByVdsmTaskId(v_vdsm_task_id => sqlc.arg(vdsm_task_id));

-- name: GetAsyncTaskIDsByStoragePoolID :many
SELECT * FROM GetAsyncTasksByStoragePoolId(v_storage_pool_id => sqlc.arg(storage_pool_id));

-- name: GetAsyncTaskIDsByEntityID :many
SELECT * FROM GetAsyncTasksIdsByEntityId(v_entity_id => sqlc.arg(entity_id));

-- name: GetAsyncTaskEntities :many
SELECT * FROM GetAsyncTaskEntitiesByTaskId(v_task_id => sqlc.arg(task_id));

-- name: InsertAsyncTaskEntity :exec
SELECT InsertAsyncTaskEntities(
    v_task_id => sqlc.arg(task_id),
    v_entity_id => sqlc.arg(entity_id),
    v_entity_type => sqlc.narg(entity_type)
);

-- name: GetAsyncTaskSummary :many
SELECT * FROM fn_db_get_async_tasks();
