-- What the coordinator calls. A procedure that takes an instance refuses what that one does not own.

-- name: RegisterInstance :one
SELECT * FROM coco.register_instance(
    v_instance_id => sqlc.arg(instance_id),
    v_name => sqlc.arg(name),
    v_lease_ms => sqlc.arg(lease_ms)
);

-- name: RenewLease :one
SELECT coco.renew_lease(v_instance_id => sqlc.arg(instance_id));

-- name: StopInstance :exec
SELECT coco.stop_instance(v_instance_id => sqlc.arg(instance_id));

-- name: Instances :many
SELECT * FROM coco.instances();

-- name: PersistCommands :many
SELECT * FROM coco.persist_commands(
    v_instance_id => sqlc.arg(instance_id),
    v_command_ids => sqlc.arg(command_ids)::uuid[],
    v_command_types => sqlc.arg(command_types)::integer[],
    v_parent_ids => sqlc.arg(parent_ids)::uuid[],
    v_parameters => sqlc.arg(parameters)::text[],
    v_classes => sqlc.arg(classes)::text[],
    v_statuses => sqlc.arg(statuses)::text[],
    v_nulls => sqlc.arg(nulls)::integer[]
);

-- name: ChangeStatus :one
SELECT * FROM coco.change_status(
    v_instance_id => sqlc.arg(instance_id),
    v_command_id => sqlc.arg(command_id),
    v_from => sqlc.arg(from_statuses)::text[],
    v_to => sqlc.arg(to_status)
);

-- name: CommandChains :many
SELECT * FROM coco.command_chains(v_command_ids => sqlc.arg(command_ids)::uuid[]);

-- name: CommandTree :many
SELECT * FROM coco.command_tree(v_command_id => sqlc.arg(command_id));

-- name: UnfinishedCommands :many
SELECT * FROM coco.unfinished_commands(v_instance_id => sqlc.narg(instance_id), v_limit => sqlc.arg(max_commands));

-- name: RecoverCommands :many
SELECT * FROM coco.recover_commands(
    v_instance_id => sqlc.arg(instance_id),
    v_recovery_id => sqlc.arg(recovery_id),
    v_limit => sqlc.arg(max_commands),
    v_hold_after => sqlc.arg(hold_after)
);

-- name: OwnCommands :many
SELECT * FROM coco.own_commands(v_instance_id => sqlc.arg(instance_id), v_command_ids => sqlc.arg(command_ids)::uuid[]);

-- name: ResumeCommand :one
SELECT coco.resume_command(v_command_id => sqlc.arg(command_id));

-- name: RemovalBlockers :many
SELECT * FROM coco.removal_blockers(v_command_id => sqlc.arg(command_id));

-- name: RemoveCommand :many
SELECT command_id::uuid FROM coco.remove_command(
    v_instance_id => sqlc.narg(instance_id),
    v_command_id => sqlc.arg(command_id),
    v_unfinished => sqlc.arg(unfinished)
);
