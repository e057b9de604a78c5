package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/gen"
)

// measureCleanup cleans a large table up, and smaller ones in batches and with the DAO's single statement, in turn.
func measureCleanup(ctx context.Context, where server, large *pgxpool.Pool, size sizes) ([]figure, error) {
	before := time.Now().AddDate(0, 0, -30)
	longest := &longestTransaction{}
	start := time.Now()
	report, err := cleanUp(ctx, large, longest, before)
	if err != nil {
		return nil, err
	}
	took := time.Since(start)
	var ratios []float64
	for range size.cleanups {
		byBatches, batches, err := cleanFresh(ctx, where, size, func(pool *pgxpool.Pool) (int64, error) {
			report, err := cleanUp(ctx, pool, &longestTransaction{}, before)
			return report.RemovedCommands, err
		})
		if err != nil {
			return nil, err
		}
		byStatement, statement, err := cleanFresh(ctx, where, size, func(pool *pgxpool.Pool) (int64, error) {
			removed, err := gen.New(pool).RemoveAllCommandEntitiesBeforeDate(ctx, before)
			return int64(removed), err
		})
		if err != nil {
			return nil, err
		}
		if batches != statement || statement == 0 {
			return nil, fmt.Errorf("the cleanup removed %d commands, the single statement %d", batches, statement)
		}
		ratios = append(ratios, float64(byBatches)/float64(byStatement))
	}
	return []figure{
		{
			what: "longest transaction of the cleanup of a large table, on disk", values: []float64{milliseconds(longest.took)}, unit: " ms",
			target: target{is: atMost, limit: 1000},
		},
		{what: "commands that it removed", values: []float64{float64(report.RemovedCommands)}},
		{what: "transactions of it", values: []float64{float64(report.Batches)}},
		{
			what: "cost of it for each command removed", values: []float64{milliseconds(took) * 1000 / float64(max(1, report.RemovedCommands))},
			unit: " µs",
		},
		{what: "time of a cleanup, by that of DAO RemoveAllBeforeDate in one statement, on disk", values: ratios},
	}, nil
}

// cleanFresh makes a table and clocks how long clean takes to clean it up.
func cleanFresh(ctx context.Context, where server, size sizes, clean func(*pgxpool.Pool) (int64, error)) (
	took time.Duration, removed int64, err error,
) {
	err = where.fresh(ctx, "cleaned", func(pool *pgxpool.Pool) error {
		if err := fill(ctx, pool, size.rows/20); err != nil {
			return err
		}
		start := time.Now()
		removed, err = clean(pool)
		took = time.Since(start)
		return err
	})
	return took, removed, err
}

func cleanUp(ctx context.Context, pool *pgxpool.Pool, longest *longestTransaction, before time.Time) (coordinator.CleanupReport, error) {
	config := pool.Config()
	config.ConnConfig.Tracer = longest
	traced, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return coordinator.CleanupReport{}, err
	}
	defer traced.Close()
	c, err := openCoordinator(ctx, traced)
	if err != nil {
		return coordinator.CleanupReport{}, err
	}
	report, err := c.RemoveAllCommandsBeforeDate(ctx, before, coordinator.CleanupOptions{})
	if err != nil {
		return report, err
	}
	return report, c.Close(ctx)
}

// longestTransaction clocks transactions from outside: from BEGIN to the answer to COMMIT, or a statement by itself.
type longestTransaction struct {
	mu    sync.Mutex
	began map[*pgx.Conn]time.Time
	took  time.Duration
}

// TraceQueryStart is called before a statement is sent.
func (l *longestTransaction) TraceQueryStart(ctx context.Context, conn *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.began == nil {
		l.began = map[*pgx.Conn]time.Time{}
	}
	if _, open := l.began[conn]; !open {
		l.began[conn] = time.Now()
	}
	return ctx
}

// TraceQueryEnd is called when a statement was answered.
func (l *longestTransaction) TraceQueryEnd(_ context.Context, conn *pgx.Conn, _ pgx.TraceQueryEndData) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if conn.PgConn().TxStatus() != 'I' {
		return // still in its transaction
	}
	l.took = max(l.took, time.Since(l.began[conn]))
	delete(l.began, conn)
}
