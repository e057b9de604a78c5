-- The cleanup.

-- name: BeginCleanup :one
SELECT * FROM coco.begin_cleanup(
    v_run_id => sqlc.arg(run_id),
    v_runner => sqlc.arg(runner),
    v_lease_ms => sqlc.arg(lease_ms),
    v_due => sqlc.narg(due)
);

-- name: CleanBatch :many
SELECT * FROM coco.clean_batch(
    v_run_id => sqlc.narg(run_id),
    v_before => sqlc.arg(before),
    v_after => sqlc.narg(after),
    v_rows => sqlc.arg(max_rows),
    v_lines => sqlc.arg(lines)
);

-- name: EndCleanup :one
SELECT coco.end_cleanup(v_run_id => sqlc.arg(run_id), v_due => sqlc.narg(due), v_removed => sqlc.arg(removed));

-- name: DatabaseClock :one
SELECT coco.database_clock();
