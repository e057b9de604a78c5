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

// measureCleanup cleans a large table up, in batches and, in a copy of it, with the DAO's single statement. It is the only measurement
// whose two sides do not alternate: each is a minute's work.
func measureCleanup(ctx context.Context, where server, large *pgxpool.Pool) (figures []figure, err error) {
	before := time.Now().AddDate(0, 0, -30)
	large.Reset() // nobody may be connected to what is copied
	err = where.with(ctx, "copy", large.Config().ConnConfig.Database, func(copied *pgxpool.Pool) error {
		if _, err := copied.Exec(ctx, `ANALYZE`); err != nil {
			return err
		}
		start := time.Now()
		statement, err := gen.New(copied).RemoveAllCommandEntitiesBeforeDate(ctx, before)
		if err != nil {
			return err
		}
		byStatement := time.Since(start)

		longest := &longestTransaction{}
		start = time.Now()
		report, err := cleanUp(ctx, large, longest, before)
		if err != nil {
			return err
		}
		byBatches := time.Since(start)
		if report.RemovedCommands != int64(statement) || statement == 0 {
			return fmt.Errorf("the cleanup removed %d commands, the single statement %d", report.RemovedCommands, statement)
		}
		figures = []figure{
			{
				what: "longest transaction of the cleanup, on disk", values: []float64{milliseconds(longest.took)}, unit: " ms",
				target: target{is: atMost, limit: 1000},
			},
			{what: "commands that the cleanup removed", values: []float64{float64(report.RemovedCommands)}},
			{what: "transactions of the cleanup", values: []float64{float64(report.Batches)}},
			{
				what: "cost of the cleanup for each command removed", values: []float64{milliseconds(byBatches) * 1000 / float64(statement)},
				unit: " µs",
			},
			{what: "time of the cleanup, by that of the DAO's RemoveAllBeforeDate, one statement", values: []float64{float64(byBatches) / float64(byStatement)}},
		}
		return nil
	})
	return figures, err
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
