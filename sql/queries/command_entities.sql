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

-- name: SaveOrUpdateCommandEntity :exec
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

-- name: GetCommandEntityHierarchy :many
SELECT * FROM coco.command_hierarchy(v_command_id => sqlc.arg(command_id));

-- name: GetCommandEntitiesByParent :many
SELECT * FROM GetCommandEntitiesByParentCmdId(v_parent_command_id => sqlc.arg(parent_command_id));

-- name: RemoveCommandEntity :one
SELECT DeleteCommandEntity(v_command_id => sqlc.arg(command_id));

-- name: RemoveAllCommandEntitiesBeforeDate :one
SELECT DeleteCommandEntitiesOlderThanDate(v_date => sqlc.arg(before));

-- name: SaveAllCommandEntities :one
SELECT coco.save_commands(
    v_command_ids => sqlc.arg(command_ids)::uuid[],
    v_command_types => sqlc.arg(command_types)::integer[],
    v_parent_ids => sqlc.arg(parent_ids)::uuid[],
    v_root_ids => sqlc.arg(root_ids)::uuid[],
    v_parameters => sqlc.arg(parameters)::text[],
    v_classes => sqlc.arg(classes)::text[],
    v_statuses => sqlc.arg(statuses)::text[],
    v_nulls => sqlc.arg(nulls)::integer[]
);
