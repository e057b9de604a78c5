package coordinator

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/gen"
)

// cleanup is one run, or a dry run, whose id is not valid.
type cleanup struct {
	db      Beginner
	options CleanupOptions
	before  time.Time
	runID   uuid.NullUUID
	report  CleanupReport
}

// A batch begins small and is fitted to the time that batches take: a transaction that takes long keeps others waiting. Below leastRows
// nearly all the time is what every batch takes, to read the tasks and to reach the disk: then smaller ones only make it longer.
const (
	leastRows = 200
	slow      = 250 * time.Millisecond
	quick     = slow / 2
)

// batchAttempts is how often a batch is tried that the server gave up because of a lock.
const batchAttempts = 5

// sweep looks at all commands once, in the order of their ids.
func (c *cleanup) sweep(ctx context.Context) error {
	started := time.Now()
	defer func() { c.report.Duration = time.Since(started) }()
	rows, after, failed := min(leastRows, c.options.BatchRows), uuid.NullUUID{}, 0
	for {
		begun := time.Now()
		outcomes, err := c.batch(ctx, after, rows)
		took := time.Since(begun)
		switch {
		case err != nil && isPassing(err) && failed < batchAttempts:
			failed++
			rows = max(rows/2, min(leastRows, rows))
			if !sleep(ctx, time.Duration(failed)*50*time.Millisecond) {
				return ctx.Err()
			}
			continue
		case err != nil:
			return fmt.Errorf("clean up: %w", err)
		}
		failed = 0
		c.report.add(outcomes)
		c.report.Batches++
		c.report.Longest = max(c.report.Longest, took)
		after = outcomes[len(outcomes)-1].CommandID
		if c.options.Progress != nil {
			c.report.Duration = time.Since(started)
			c.options.Progress(c.report, share(after))
		}
		if !after.Valid {
			return nil
		}
		switch {
		case took > slow:
			rows = max(rows/2, min(leastRows, rows))
		case took < quick:
			rows = min(rows*2, c.options.BatchRows)
		}
		if !sleep(ctx, c.options.Pause) {
			return ctx.Err()
		}
	}
}

// batch is one transaction. Its last outcome says where the next one begins.
func (c *cleanup) batch(ctx context.Context, after uuid.NullUUID, rows int) ([]gen.CleanupOutcome, error) {
	var outcomes []gen.CleanupOutcome
	err := c.transact(ctx, !c.options.DryRun, func(q *gen.Queries) error {
		var err error
		outcomes, err = q.CleanBatch(ctx, gen.CleanBatchParams{
			RunID: c.runID, Before: c.before, After: after, MaxRows: int32(min(rows, math.MaxInt32)), //nolint:gosec // it is the smaller one
			Lines: c.options.Export != nil,
		})
		if err != nil {
			return err
		}
		if len(outcomes) == 0 || outcomes[len(outcomes)-1].Outcome != outcomeNext {
			return errors.New("the procedure did not say where to go on")
		}
		return c.export(outcomes)
	})
	return outcomes, err
}

// export writes the removed commands and has them on the disk before they are gone from the database.
func (c *cleanup) export(outcomes []gen.CleanupOutcome) error {
	if c.options.Export == nil {
		return nil
	}
	written := false
	for _, o := range outcomes {
		if o.Line == nil {
			continue
		}
		if _, err := io.WriteString(c.options.Export, *o.Line+"\n"); err != nil {
			return fmt.Errorf("export what is removed: %w", err)
		}
		written = true
	}
	file, ok := c.options.Export.(interface{ Sync() error })
	if !ok || !written {
		return nil
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("export what is removed: %w", err)
	}
	return nil
}

// transact calls do in a transaction, and commits it with keep.
func (c *cleanup) transact(ctx context.Context, keep bool, do func(*gen.Queries) error) error {
	// Another level would not see, once a tree is locked, what came in before.
	tx, err := c.db.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return fmt.Errorf("begin: %w", explain(err))
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
		defer cancel()
		_ = tx.Rollback(ctx) // after a commit it does nothing
	}()
	if err := do(gen.New(tx)); err != nil {
		return explain(err)
	}
	if !keep {
		return nil
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", explain(err))
	}
	return nil
}

// isPassing says whether the server gave a transaction up because of a lock, so that it can be tried again.
func isPassing(err error) bool {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch refusal.Code {
	case "40001", "40P01", "55P03": // serialization failure, dead-lock, lock not available
		return true
	}
	return false
}

// share is how much lies before this id: ids are drawn at random.
func share(after uuid.NullUUID) float64 {
	if !after.Valid {
		return 1
	}
	return float64(binary.BigEndian.Uint64(after.UUID[:8])) / (1 << 64)
}
