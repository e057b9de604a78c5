-- Commands.

-- name: InsertCommandEntity :exec
SELECT InsertCommandEntity(
    v_command_id => sqlc.arg(command_id),
    v_command_type => sqlc.arg(command_type),
    v_parent_command_id => sqlc.narg(parent_command_id),
    v_root_command_id => sqlc.narg(root_command_id),
    v_action_parameters => sqlc.narg(action_parameters),
    v_action_parameters_class => sqlc.narg(action_parameters_class),
    v_created_at => sqlc.narg(created_at),
    v_status => sqlc.narg(status)
);

-- name: UpdateCommandEntity :exec
SELECT UpdateCommandEntity(
    v_command_id => sqlc.arg(command_id),
    v_command_type => sqlc.arg(command_type),
    v_parent_command_id => sqlc.narg(parent_command_id),
    v_root_command_id => sqlc.narg(root_command_id),
    v_action_parameters => sqlc.narg(action_parameters),
    v_action_parameters_class => sqlc.narg(action_parameters_class),
    v_status => sqlc.narg(status)
);

-- name: InsertOrUpdateCommandEntity :exec
SELECT InsertOrUpdateCommandEntity(
    v_command_id => sqlc.arg(command_id),
    v_command_type => sqlc.arg(command_type),
    v_parent_command_id => sqlc.narg(parent_command_id),
    v_root_command_id => sqlc.narg(root_command_id),
    v_action_parameters => sqlc.narg(action_parameters),
    v_action_parameters_class => sqlc.narg(action_parameters_class),
    v_created_at => sqlc.narg(created_at),
    v_status => sqlc.narg(status)
);

-- name: UpdateCommandEntityStatus :exec
SELECT UpdateCommandEntityStatus(v_command_id => sqlc.arg(command_id), v_status => sqlc.arg(status));

-- name: GetCommandEntity :one
SELECT * FROM GetCommandEntityByCommandEntityId(v_command_id => sqlc.arg(command_id));

-- name: GetAllCommandEntities :many
SELECT * FROM GetAllFromCommandEntities();

-- name: GetCommandEntitiesByParent :many
SELECT * FROM GetCommandEntitiesByParentCmdId(v_parent_command_id => sqlc.arg(parent_command_id));

-- name: DeleteCommandEntity :one
SELECT DeleteCommandEntity(v_command_id => sqlc.arg(command_id));

-- name: DeleteCommandEntitiesOlderThan :one
SELECT DeleteCommandEntitiesOlderThanDate(v_date => sqlc.arg(before));
