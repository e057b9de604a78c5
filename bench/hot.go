package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
)

// measureHOT counts how many updates of a status leave the indexes alone. The one that finishes a command cannot: the command leaves
// the index of unfinished ones.
func measureHOT(ctx context.Context, s servers, size sizes) (figures []figure, err error) {
	err = s.memory.fresh(ctx, "hot", func(pool *pgxpool.Pool) error {
		c, err := openCoordinator(ctx, pool)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
		for range size.updates {
			if err := live(ctx, c); err != nil {
				return err
			}
		}
		total, err := readCounters(ctx, pool)
		if err != nil {
			return err
		}
		if total.updates != 3*size.updates {
			return fmt.Errorf("the server counted %d updates of %d commands, not three each", total.updates, size.updates)
		}
		share := func(of int) []float64 { return []float64{100 * float64(total.hot) / float64(of)} }
		figures = []figure{
			{
				what: "HOT updates, of those that leave a command unfinished", values: share(2 * size.updates), unit: " %",
				target: target{is: atLeast, limit: 90},
			},
			{
				what: "HOT updates, of all: begun, parameters changed, finished", values: share(total.updates), unit: " %",
				target: target{is: atLeast, limit: 50},
			},
		}
		return nil
	})
	return figures, err
}

// live takes a command through its life: stored, begun, its parameters changed, finished.
func live(ctx context.Context, c *coordinator.Coordinator) error {
	cmd, err := c.NewCommand(coordinator.NewCommandOptions{Type: commandType, Class: class, Parameters: snapshot})
	if err != nil {
		return err
	}
	if err := c.PersistCommand(ctx, cmd); err != nil {
		return err
	}
	if err := cmd.UpdateStatus(ctx, coordinator.StatusActive); err != nil {
		return err
	}
	further := snapshot
	further.Description += "step 2"
	if err := cmd.SetParameters(further); err != nil {
		return err
	}
	if err := c.PersistCommand(ctx, cmd); err != nil {
		return err
	}
	return cmd.UpdateStatus(ctx, coordinator.StatusSucceeded)
}

// counters is what the server has counted for command_entities.
type counters struct {
	updates, hot, whole, unfinished, unfinishedRows int
}

// readCounters waits until the sessions have reported what they counted: each does when it ends.
func readCounters(ctx context.Context, pool *pgxpool.Pool) (c counters, err error) {
	pool.Reset()
	time.Sleep(time.Second)
	conn, err := pgx.ConnectConfig(ctx, pool.Config().ConnConfig)
	if err != nil {
		return c, err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, `SELECT t.n_tup_upd, t.n_tup_hot_upd, t.seq_scan, i.idx_scan, i.idx_tup_read
FROM pg_stat_user_tables t, pg_stat_user_indexes i
WHERE t.relid = 'public.command_entities'::regclass AND i.indexrelid = 'public.idx_command_entities_unfinished'::regclass`).
		Scan(&c.updates, &c.hot, &c.whole, &c.unfinished, &c.unfinishedRows)
	return c, err
}
