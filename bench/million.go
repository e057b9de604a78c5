package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
)

const (
	unfinished = 200
	repeats    = 15
	// fillTable makes trees of four commands that finished 40 days ago, and among each 100 trees one that finished yesterday and
	// one with a task.
	fillTable = `INSERT INTO public.command_entities (command_id, command_type, parent_command_id, root_command_id,
    action_parameters, action_parameters_class, created_at, status, finished_at)
SELECT md5(n || 'node' || node)::uuid, $2, CASE WHEN node > 0 THEN md5(n || 'node' || (node - 1) / 2)::uuid END,
    CASE WHEN node > 0 THEN md5(n || 'node0')::uuid END, $3, $4,
    now() - interval '41 days', 'SUCCEEDED',
    now() - CASE WHEN n % 100 = 1 THEN interval '1 day' ELSE interval '40 days' END
FROM generate_series(1, $1) n, generate_series(0, 3) node`
	addTasks = `INSERT INTO public.async_tasks (task_id, action_type, status, result, command_id)
SELECT gen_random_uuid(), $2, 2, 0, md5(n || 'node3')::uuid FROM generate_series(3, $1, 100) n`
)

// measureMillion has a large table of finished commands: what a restart reads of it, and what cleaning it up costs.
func measureMillion(ctx context.Context, s servers, size sizes) (figures []figure, err error) {
	err = s.disk.fresh(ctx, "large", func(pool *pgxpool.Pool) error {
		if err := fill(ctx, pool, size.rows); err != nil {
			return fmt.Errorf("fill a table with %d commands: %w", size.rows, err)
		}
		if figures, err = measureRecover(ctx, s.disk, pool); err != nil {
			return fmt.Errorf("recover: %w", err)
		}
		cleaned, err := measureCleanup(ctx, s.disk, pool, size)
		figures = append(figures, cleaned...)
		return err
	})
	return figures, err
}

func fill(ctx context.Context, pool *pgxpool.Pool, rows int) error {
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{fillTable, []any{rows / 4, commandType, parameters, class}},
		{addTasks, []any{rows / 4, commandType}},
	} {
		if _, err := pool.Exec(ctx, step.sql, step.args...); err != nil {
			return err
		}
	}
	_, err := pool.Exec(ctx, `VACUUM ANALYZE`)
	return err
}

// measureRecover sets picking up the unfinished commands of a large table against the same with nothing else in the table.
func measureRecover(ctx context.Context, where server, large *pgxpool.Pool) (figures []figure, err error) {
	err = where.fresh(ctx, "small", func(small *pgxpool.Pool) error {
		for _, pool := range []*pgxpool.Pool{large, small} {
			if err := leaveUnfinished(ctx, pool); err != nil {
				return err
			}
		}
		before, err := readCounters(ctx, large)
		if err != nil {
			return err
		}
		figures, err = recoverBoth(ctx, large, small)
		if err != nil {
			return err
		}
		after, err := readCounters(ctx, large)
		figures = append(figures, figure{
			what: "times that it read the whole table", values: []float64{float64(after.whole - before.whole)}, target: target{is: atMost},
		}, figure{
			what: "rows that it read through the partial index, each time", values: []float64{
				float64(after.unfinishedRows-before.unfinishedRows) / math.Max(1, float64(after.unfinished-before.unfinished)),
			},
			target: target{is: atMost, limit: 2 * unfinished},
		})
		return err
	})
	return figures, err
}

// leaveUnfinished stores trees of four commands by a coordinator that ends.
func leaveUnfinished(ctx context.Context, pool *pgxpool.Pool) error {
	c, err := openCoordinator(ctx, pool)
	if err != nil {
		return err
	}
	for range unfinished / 4 {
		var parent *coordinator.Command
		var tree []*coordinator.Command
		for range 4 {
			cmd, err := newCommand(c, parent)
			if err != nil {
				return err
			}
			tree, parent = append(tree, cmd), cmd
		}
		if err := c.PersistCommands(ctx, tree...); err != nil {
			return err
		}
	}
	return c.Close(ctx)
}

func recoverBoth(ctx context.Context, large, small *pgxpool.Pool) (figures []figure, err error) {
	var listed, taken [2][]float64
	for range repeats {
		for i, pool := range []*pgxpool.Pool{large, small} {
			list, take, err := recoverOnce(ctx, pool)
			if err != nil {
				return nil, err
			}
			listed[i], taken[i] = append(listed[i], list), append(taken[i], take)
		}
	}
	inMilliseconds := target{is: atMost, limit: 100}
	return []figure{
		{what: "Unfinished, 200 commands of a large table, on disk", values: listed[0], unit: " ms", target: inMilliseconds},
		{what: "Recover, 200 commands of a large table, on disk", values: taken[0], unit: " ms", target: inMilliseconds},
		{what: "time of Unfinished in a large table, by that without other rows", values: eachBy(listed[0], listed[1])},
		{what: "time of Recover in a large table, by that without other rows", values: eachBy(taken[0], taken[1])},
	}, nil
}

// recoverOnce takes over what the one before has left, and leaves it to the next.
func recoverOnce(ctx context.Context, pool *pgxpool.Pool) (list, take float64, err error) {
	c, err := openCoordinator(ctx, pool)
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if _, err := c.Unfinished(ctx, coordinator.UnfinishedOptions{Limit: unfinished}); err != nil {
		return 0, 0, err
	}
	list = milliseconds(time.Since(start))
	start = time.Now()
	cmds, err := c.Recover(ctx, coordinator.RecoverOptions{})
	take = milliseconds(time.Since(start))
	if err == nil && len(cmds) != unfinished {
		err = fmt.Errorf("%d commands were recovered, not %d", len(cmds), unfinished)
	}
	if err != nil {
		return 0, 0, err
	}
	return list, take, c.Close(ctx)
}

func eachBy(a, b []float64) []float64 {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i] / b[i]
	}
	return ratios
}
