-- What operators see and do.

-- name: RequireSwitch :exec
SELECT coco.require_switch();

-- name: ListCommands :many
SELECT * FROM coco.list_commands(
    v_unfinished => sqlc.arg(unfinished),
    v_statuses => sqlc.narg(statuses)::text[],
    v_types => sqlc.narg(types)::integer[],
    v_owner_id => sqlc.narg(owner_id),
    v_no_owner => sqlc.arg(no_owner),
    v_held => sqlc.arg(held),
    v_roots => sqlc.arg(roots),
    v_since => sqlc.narg(since),
    v_before => sqlc.narg(before),
    v_after_part => sqlc.arg(after_part),
    v_after_time => sqlc.narg(after_time),
    v_after_id => sqlc.narg(after_id),
    v_limit => sqlc.arg(max_commands)
);

-- name: TreeOverview :many
SELECT * FROM coco.tree_overview(v_command_id => sqlc.arg(command_id), v_whole => sqlc.arg(whole));

-- name: TakeOut :many
SELECT * FROM coco.take_out(v_command_id => sqlc.arg(command_id), v_unfinished => sqlc.arg(unfinished));
