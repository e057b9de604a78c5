package coordinator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// CleanerOptions say when the daily cleanup runs, and what it removes.
type CleanerOptions struct {
	// At is the time of day, "15:04:05". Default "03:35:35".
	At string
	// Location is the time zone of At. Default time.Local. Instances that share a database are best given the same one: each cleans up at
	// its own time unless another one has since then.
	Location *time.Location
	// Age is how long ago a tree must have finished to be removed. Default 30 days of 24 hours.
	Age time.Duration
	// Retry is the time until the next attempt after an error, and while another run is at work. Default a minute.
	Retry time.Duration
	// Cleanup says how the runs work. A dry run would never be done, so it is refused.
	Cleanup CleanupOptions
}

const (
	defaultAt  = "03:35:35"
	defaultAge = 30 * 24 * time.Hour
)

// RunCleaner cleans up once a day, until ctx ends or the instance does. Call it in a goroutine of every
// instance: they make one run a day between them, and where one dies in the middle another one goes on. A run that was missed because no
// instance was there is made as soon as one is, and so is the first one of all. Errors are logged, and it tries again.
//
// It returns ctx's error, ErrInstanceEnded, or what is wrong with the options.
func (c *Coordinator) RunCleaner(ctx context.Context, options CleanerOptions) error {
	options.Cleanup.Runner = cmp.Or(options.Cleanup.Runner, c.options.Name)
	d, err := newDaily(c.pool, options)
	if err != nil {
		return err
	}
	d.logger, d.cleaned = c.log(), c.options.Hooks.Cleaned
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-c.closing:
			stop(&InstanceEndedError{InstanceID: c.id, Because: "stopped"})
		case <-c.lost:
			stop(&InstanceEndedError{InstanceID: c.id, Because: "taken over"})
		case <-running.Done():
		}
	}()
	return d.run(running)
}

// daily cleans up once a day, whichever instance comes first.
type daily struct {
	db      Beginner
	options CleanerOptions
	at      time.Time // only the time of day
	logger  *slog.Logger
	cleaned func(CleanupReport) // nil: nobody is told
}

func newDaily(db Beginner, options CleanerOptions) (*daily, error) {
	at, err := time.Parse(time.TimeOnly, cmp.Or(options.At, defaultAt))
	if err != nil {
		return nil, fmt.Errorf("clean up daily: %q is no time of day such as %s", options.At, defaultAt)
	}
	if options.Age < 0 || options.Retry < 0 {
		return nil, errors.New("clean up daily: Age and Retry cannot be negative")
	}
	if options.Cleanup.DryRun {
		return nil, errors.New("clean up daily: a dry run cleans nothing up; call RemoveAllCommandsBeforeDate for it")
	}
	if options.Location == nil {
		options.Location = time.Local //nolint:gosmopolitan // a time of day is that of where the program runs
	}
	options.Age = cmp.Or(options.Age, defaultAge)
	options.Retry = cmp.Or(options.Retry, time.Minute)
	if options.Cleanup, err = options.Cleanup.withDefaults(); err != nil {
		return nil, err
	}
	return &daily{db: db, options: options, at: at, logger: slog.New(slog.DiscardHandler)}, nil
}

// run cleans up daily until ctx ends, and returns why it has.
func (d *daily) run(ctx context.Context) error {
	for {
		wait, err := d.once(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			d.logger.ErrorContext(ctx, "the cleanup of commands failed", "error", err, "next attempt in", d.options.Retry)
			wait = d.options.Retry
		}
		if !sleep(ctx, wait) {
			return context.Cause(ctx)
		}
	}
}

// lookAgain is how often the clock of the database is asked: this machine's may go another way, or stand still while it sleeps.
const lookAgain = 15 * time.Minute

// once cleans up if that is due, and returns how long nothing is to be done.
func (d *daily) once(ctx context.Context) (time.Duration, error) {
	now, err := d.clock(ctx)
	if err != nil {
		return 0, err
	}
	due, next := d.due(now)
	c := &cleanup{db: d.db, options: d.options.Cleanup, before: now.Add(-d.options.Age)}
	c.report = newCleanupReport(c.before, c.options.DryRun)
	err = c.run(ctx, &due)
	other, _ := errors.AsType[*CleanupRunningError](err)
	switch {
	case errors.Is(err, doneError{}):
	case other != nil:
		d.logger.DebugContext(ctx, "another cleanup of commands is at work", "runner", other.Runner)
		return d.options.Retry, nil //nolint:nilerr // it is that one's turn
	case err != nil:
		return 0, err
	default:
		d.tell(ctx, c.report)
	}
	if now, err = d.clock(ctx); err != nil {
		return 0, err
	}
	return min(max(next.Sub(now), 0), lookAgain), nil
}

// due is when the run of this day was due, or that of yesterday if this day's is still to come, and when the next one is.
func (d *daily) due(now time.Time) (due, next time.Time) {
	now = now.In(d.options.Location)
	on := func(day int) time.Time {
		return time.Date(now.Year(), now.Month(), day, d.at.Hour(), d.at.Minute(), d.at.Second(), 0, d.options.Location)
	}
	if today := on(now.Day()); !today.After(now) {
		return today, on(now.Day() + 1)
	}
	return on(now.Day() - 1), on(now.Day())
}

func (d *daily) tell(ctx context.Context, report CleanupReport) {
	var kept int64
	for _, k := range report.Kept {
		kept += k.Trees
	}
	d.logger.InfoContext(ctx, "commands cleaned up", "before", report.Before, "dry run", report.DryRun, "trees", report.Trees,
		"removed trees", report.RemovedTrees, "removed commands", report.RemovedCommands, "kept trees", kept, "took", report.Duration)
	if d.cleaned != nil {
		d.cleaned(report)
	}
}

func (d *daily) clock(ctx context.Context) (time.Time, error) {
	tx, err := d.db.BeginTx(ctx, pgx.TxOptions{AccessMode: pgx.ReadOnly})
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", explain(err))
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	now, err := gen.New(tx).DatabaseClock(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", explain(err))
	}
	return now, nil
}
