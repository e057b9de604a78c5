package upgrade

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// CheckTasks is what is in flight.
type CheckTasks struct {
	Total int64 `json:"total"`
	// ByStatus counts the tasks by the name of their status.
	ByStatus map[string]int64 `json:"by_status"`
	// Placeholders are tasks that have not been submitted yet.
	Placeholders int64 `json:"placeholders"`
	// Commands is how many commands the tasks belong to.
	Commands int64 `json:"commands"`
}

// CheckSizes is what the tasks take.
type CheckSizes struct {
	// Table is the size of async_tasks with its indexes and long values, on disk; Moving that of the five columns that move, as stored.
	Table  int64 `json:"table_bytes"`
	Moving int64 `json:"moving_bytes"`
	// Entities is the size of command_entities and all of schema coco, once they are there.
	Entities int64 `json:"entities_bytes"`
}

// TaskStatuses are the names of the numbers in async_tasks.status.
func TaskStatuses() []string {
	return []string{"unknown", "init", "running", "finished", "aborting", "cleaning"}
}

// tasks counts. It reads no value of a row but ids and numbers, waits for nobody, and makes do without where it may not read.
func (c *check) tasks(ctx context.Context) error {
	err := pgx.BeginTxFunc(ctx, c.conn, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		var there, moving bool
		err := tx.QueryRow(ctx, `SELECT set_config('lock_timeout', '1s', true) <> '' AND coalesce((
				SELECT c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT') AND (
					SELECT count(*) = 3 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND (
						a.attname IN ('vdsm_task_id', 'command_id') AND a.atttypid = 'uuid'::regtype
						OR a.attname = 'status' AND a.atttypid = 'integer'::regtype))
				FROM pg_catalog.pg_class c WHERE c.oid = to_regclass('public.async_tasks')), false),
			(SELECT count(*) = 5 FROM pg_catalog.pg_attribute a
				WHERE a.attrelid = to_regclass('public.async_tasks') AND NOT a.attisdropped AND a.attname IN
					('action_parameters', 'action_params_class', 'task_parameters', 'task_params_class', 'root_command_id'))`).
			Scan(&there, &moving)
		if err != nil || !there {
			return err
		}
		if err := c.count(ctx, tx); err != nil {
			return err
		}
		return c.weigh(ctx, tx, moving)
	})
	if unmeasurable(err) && ctx.Err() == nil {
		c.result.Tasks, c.result.Sizes = nil, nil
		c.find(Remark, "table async_tasks", "the tasks could not be counted: "+oneLine(err.Error()), "Look again later.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("count the tasks: %w", err)
	}
	return nil
}

func (c *check) count(ctx context.Context, tx pgx.Tx) error {
	tasks := &CheckTasks{ByStatus: map[string]int64{}}
	rows, err := tx.Query(ctx, `SELECT status, count(*), count(*) FILTER (WHERE vdsm_task_id = '00000000-0000-0000-0000-000000000000')
		FROM public.async_tasks GROUP BY status`)
	if err != nil {
		return err
	}
	var (
		status              *int
		number, placeholder int64
	)
	_, err = pgx.ForEachRow(rows, []any{&status, &number, &placeholder}, func() error {
		name := "none"
		if status != nil {
			name = fmt.Sprint(*status)
			if names := TaskStatuses(); *status >= 0 && *status < len(names) {
				name = names[*status]
			}
		}
		tasks.ByStatus[name] += number
		tasks.Total += number
		tasks.Placeholders += placeholder
		return nil
	})
	if err != nil {
		return err
	}
	c.result.Tasks = tasks
	return tx.QueryRow(ctx, `SELECT count(DISTINCT command_id) FROM public.async_tasks`).Scan(&tasks.Commands)
}

func (c *check) weigh(ctx context.Context, tx pgx.Tx, moving bool) error {
	sizes := &CheckSizes{}
	err := tx.QueryRow(ctx, `SELECT pg_total_relation_size('public.async_tasks'), coalesce((
			SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_catalog.pg_class c
			WHERE c.relkind = 'r' AND (c.relnamespace = to_regnamespace('coco')
				OR c.oid = to_regclass('public.command_entities') AND to_regnamespace('coco') IS NOT NULL)), 0)`).
		Scan(&sizes.Table, &sizes.Entities)
	if err != nil {
		return err
	}
	c.result.Sizes = sizes
	if !moving {
		return nil
	}
	return tx.QueryRow(ctx, `SELECT coalesce(sum(coalesce(pg_column_size(action_parameters), 0) + coalesce(pg_column_size(action_params_class), 0)
			+ coalesce(pg_column_size(task_parameters), 0) + coalesce(pg_column_size(task_params_class), 0)
			+ coalesce(pg_column_size(root_command_id), 0)), 0)::bigint
		FROM public.async_tasks`).Scan(&sizes.Moving)
}
