package upgrade

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/driver"
)

const (
	// firstBatch is how many rows the first batch has when its size is left to the program; then it aims at batchTime.
	firstBatch           = 1000
	minBatch, maxBatch   = 100, 20_000
	batchTime            = 60 * time.Millisecond
	maxRoundsWithoutGain = 5
	drainPause           = 50 * time.Millisecond
)

// The statements between the migrations. Plans show them, so each stands alone, with at most one parameter.
const (
	batchSettings = `SET LOCAL synchronous_commit = off`
	backfillBatch = `SELECT step, done, total, finished FROM coco.backfill($1)`
	catchUpBatch  = `SELECT coco.catch_up($1)`
	beginDrain    = `SELECT coco.begin_drain($1)`
	drainBlockers = `SELECT pid, usename, application_name, extract(epoch FROM xact_age)::double precision, prepared_gid
FROM coco.drain_blockers($1)`
)

// backfill copies rows in batches, each committed. A batch that is lost with the server is copied again, so it need not be flushed.
func (r *run) backfill(ctx context.Context, before Step, options UpOptions) error {
	size := sizer{fixed: options.Batch}
	var meter meter
	for {
		var done BatchDone
		started := time.Now()
		err := r.retry(ctx, before, func() error {
			return r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, batchSettings); err != nil {
					return fmt.Errorf("set up the batch: %w", err)
				}
				return tx.QueryRow(ctx, backfillBatch, size.next()).
					Scan(&done.Work, &done.Done, &done.Total, &done.Finished)
			})
		})
		if err != nil {
			return err
		}
		size.took(time.Since(started))
		done.Rate, done.ETA = meter.measure(done.Work, done.Done, done.Total)
		r.observe(done)
		if done.Finished {
			return nil
		}
		if err := driver.Pause(ctx, options.Pause); err != nil {
			return r.explain(ctx, err, &before)
		}
	}
}

// catchUp applies the change log until it no longer gets shorter. The step compares what is left, or comes meanwhile, itself.
func (r *run) catchUp(ctx context.Context, before Step, options UpOptions) error {
	size := options.Batch
	if size <= 0 {
		size = firstBatch
	}
	least, withoutGain := int64(-1), 0
	for {
		var remaining int64
		err := r.retry(ctx, before, func() error {
			return r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
				return tx.QueryRow(ctx, catchUpBatch, size).Scan(&remaining)
			})
		})
		if err != nil {
			return err
		}
		r.observe(CaughtUp{Before: before, Remaining: remaining})
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

// sizer finds the batch size that takes about batchTime, unless it is fixed.
type sizer struct {
	fixed, size int
}

func (s *sizer) next() int {
	if s.fixed > 0 {
		return s.fixed
	}
	if s.size == 0 {
		s.size = firstBatch
	}
	return s.size
}

// took adapts gently: one slow batch says little.
func (s *sizer) took(d time.Duration) {
	factor := min(2, max(0.5, float64(batchTime)/float64(max(d, time.Microsecond))))
	s.size = min(maxBatch, max(minBatch, int(float64(s.next())*factor)))
}

// meter measures the rate of one kind of work, from the first batch seen in this run.
type meter struct {
	work  string
	since time.Time
	base  int64
}

func (m *meter) measure(work string, done, total int64) (rate float64, eta time.Duration) {
	if work != m.work {
		m.work, m.since, m.base = work, time.Now(), done
		return 0, 0
	}
	elapsed := time.Since(m.since).Seconds()
	if elapsed <= 0 || done <= m.base {
		return 0, 0
	}
	rate = float64(done-m.base) / elapsed
	return rate, time.Duration(float64(max(0, total-done)) / rate * float64(time.Second))
}
