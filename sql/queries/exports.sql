-- Commands that the way back has exported.

-- name: StageCommands :exec
SELECT coco.stage_commands(v_first_line => sqlc.arg(first_line), v_lines => sqlc.arg(lines)::text[]);

-- name: LoadCommands :many
SELECT * FROM coco.load_commands(v_overwrite => sqlc.arg(overwrite));
