package upgrade

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/driver"
)

// idlePause is the mean rest of a connection for which there is nothing to copy while others are at it.
const idlePause = 20 * time.Millisecond

// The statements of a batch. Plans show them, so each stands alone, with at most one parameter.
const (
	batchSettings = `SET LOCAL synchronous_commit = off`
	backfillBatch = `SELECT step, done, total, bytes, finished, idle FROM coco.backfill($1)`
)

// backfill copies rows in batches, each committed, over as many connections as the options say.
func (r *run) backfill(ctx context.Context, before Step, options UpOptions) error {
	crew, err := r.hire(ctx, max(1, options.Jobs))
	if err != nil {
		return r.explain(ctx, err, &before)
	}
	defer crew.dismiss(ctx)
	pacer := newPacer(options)
	var progress progress
	return crew.work(ctx, progress.tell(r.Upgrader.observe), func(ctx context.Context, worker *run) error {
		return worker.copyBatches(ctx, before, options, pacer)
	})
}

// copyBatches copies over one connection until nothing is left to copy. A batch that is lost with the server is copied again, so it
// need not be flushed.
func (r *run) copyBatches(ctx context.Context, before Step, options UpOptions, pacer *pacer) error {
	size, work := sizer{fixed: options.Batch, target: options.BatchTime}, ""
	for {
		if err := pacer.wait(ctx, r); err != nil {
			return r.explain(ctx, err, &before)
		}
		done, idle := BatchDone{Batch: size.next()}, false
		err := r.retry(ctx, before, func() error {
			started := time.Now()
			return r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, batchSettings); err != nil {
					return fmt.Errorf("set up the batch: %w", err)
				}
				err := tx.QueryRow(ctx, backfillBatch, done.Batch).
					Scan(&done.Work, &done.Done, &done.Total, &done.Bytes, &done.Finished, &idle)
				done.Took = time.Since(started)
				return err
			})
		})
		if err != nil {
			return err
		}
		pause := jitter(idlePause)
		if !idle {
			if done.Work != work { // a row of it costs something else
				work, size.size = done.Work, 0
			}
			size.took(done.Took)
			r.observe(done)
			pause = options.Pause
		}
		if done.Finished {
			return nil
		}
		if err := driver.Pause(ctx, pause); err != nil {
			return r.explain(ctx, err, &before)
		}
	}
}

// progress puts the batches of several connections into one order, and measures.
type progress struct {
	meter    meter
	past     map[string]bool // kinds of work that are done with
	work     string
	done     int64
	bytes    int64
	finished bool
}

// tell returns an observer that adds to a batch what is known over all connections. What they tell comes late at times: a batch of
// work that is done with is left out, and no number gets smaller.
func (p *progress) tell(observe func(Event)) func(Event) {
	p.past = map[string]bool{}
	return func(event Event) {
		batch, ok := event.(BatchDone)
		if !ok {
			observe(event)
			return
		}
		if p.finished || p.past[batch.Work] {
			return
		}
		if batch.Work != p.work {
			p.past[p.work] = true
			p.work, p.done, p.bytes, p.meter = batch.Work, 0, 0, meter{}
		}
		p.finished = batch.Finished
		p.done, p.bytes = max(p.done, batch.Done), max(p.bytes, batch.Bytes)
		batch.Done, batch.Bytes = p.done, p.bytes
		batch.Rate, batch.ByteRate = p.meter.measure(time.Now(), batch.Done, batch.Bytes)
		batch.ETA = eta(batch.Total-batch.Done, batch.Rate)
		observe(batch)
	}
}
