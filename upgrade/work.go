package upgrade

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/driver"
)

const (
	maxRoundsWithoutGain = 5
	drainPause           = 50 * time.Millisecond
	// sharedBatchTime is how long a batch takes that clients may have to wait for.
	sharedBatchTime = 4 * time.Millisecond
)

// The statements between the migrations. Plans show them, so each stands alone, with at most one parameter.
const (
	catchUpBatch  = `SELECT coco.catch_up($1)`
	beginDrain    = `SELECT coco.begin_drain($1)`
	drainBlockers = `SELECT pid, usename, application_name, extract(epoch FROM xact_age)::double precision, prepared_gid
FROM coco.drain_blockers($1)`
)

// catchUp applies the change log until it no longer gets shorter. The step compares what is left, or comes meanwhile, itself.
func (r *run) catchUp(ctx context.Context, before Step, options UpOptions) error {
	size := sizer{fixed: options.Batch, target: options.BatchTime}
	if before.Phase.order() >= Switch.order() && !r.chain.isFirstOf(before, Switch) {
		// The engine's writers record tasks themselves by now, and wait for those that a batch has recorded until it is committed.
		size.target, size.size = min(sharedBatchTime, cmp.Or(options.BatchTime, sharedBatchTime)), minBatch
	}
	var meter meter
	least, withoutGain := int64(-1), 0
	for {
		var (
			remaining int64
			took      time.Duration
		)
		err := r.retry(ctx, before, func() error {
			started := time.Now()
			return r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
				err := tx.QueryRow(ctx, catchUpBatch, size.next()).Scan(&remaining)
				took = time.Since(started)
				return err
			})
		})
		if err != nil {
			return err
		}
		size.took(took)
		rate, _ := meter.measure(time.Now(), -remaining, 0)
		rate = max(0, rate)
		r.observe(CaughtUp{Before: before, Remaining: remaining, Rate: rate, ETA: eta(remaining, rate)})
		if least < 0 || remaining < least {
			least, withoutGain = remaining, 0
		} else {
			withoutGain++
		}
		if remaining == 0 || withoutGain >= maxRoundsWithoutGain {
			return nil
		}
	}
}

// drain waits until the transactions that were open when a step was committed are gone: they may still run what it replaced.
func (r *run) drain(ctx context.Context, step Step) error {
	err := r.retry(ctx, step, func() error {
		return r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, beginDrain, step.Version)
			return err
		})
	})
	if err != nil {
		return err
	}
	var reports throttle
	started := time.Now()
	for {
		blockers, err := driver.Sessions(ctx, r.conn, drainBlockers, step.Version)
		if err != nil {
			return r.explain(ctx, err, &step)
		}
		if len(blockers) == 0 {
			return nil
		}
		waited := time.Since(started)
		if waited >= r.drainBudget {
			return &Error{
				Kind: ErrBusy, Step: &step, Sessions: blockers,
				Reason: fmt.Sprintf("transactions from before this step are still open after %s", waited.Round(time.Millisecond)),
				Hint:   "Wait for them to end, or end them, and run the same command again.",
			}
		}
		if reports.due() {
			r.observe(Draining{Step: step, Waited: waited, Budget: r.drainBudget, Blockers: blockers})
		}
		if err := driver.Pause(ctx, jitter(drainPause)); err != nil {
			return r.explain(ctx, err, &step)
		}
	}
}
