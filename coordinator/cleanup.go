package coordinator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// Beginner begins transactions: a *pgxpool.Pool, or a *pgx.Conn.
type Beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// CleanupOptions say how a cleanup works. The zero value removes.
type CleanupOptions struct {
	// DryRun reports what would be removed and why the rest would stay, and removes nothing. It may run beside another cleanup.
	DryRun bool
	// Export gets each removed command as a line that "upgrade commands load" reads, before the transaction that removes it commits. If it
	// has a method Sync() error, that is called too. A command may come twice: once more where the commit failed. Nil: nothing is exported.
	Export io.Writer
	// BatchRows is about how many commands a transaction looks at, and about how many it removes; a tree that is larger goes at once.
	// Batches are smaller while they take long. Default 1,000.
	BatchRows int
	// Pause is the time between two transactions. Default none.
	Pause time.Duration
	// Lease is how long a run that is not heard of any more keeps others out. Default 30 seconds.
	Lease time.Duration
	// Runner is what others are told who find this run at work. Default the coordinator's name, or host name and process id.
	Runner string
	// Progress, when set, is called after each transaction, with the report until then and with the share that is done, 0 to 1.
	Progress func(report CleanupReport, done float64)
}

func (o CleanupOptions) withDefaults() (CleanupOptions, error) {
	if o.BatchRows < 0 || o.Pause < 0 || o.Lease < 0 {
		return o, errors.New("clean up: BatchRows, Pause and Lease cannot be negative")
	}
	o.BatchRows = cmp.Or(o.BatchRows, 1000)
	o.Lease = cmp.Or(o.Lease, 30*time.Second)
	if o.Runner == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown host"
		}
		o.Runner = fmt.Sprintf("%s, process %d", host, os.Getpid())
	}
	return o, nil
}

// ErrCleanupRunning says that another run of the cleanup is at work. It comes as a CleanupRunningError.
var ErrCleanupRunning = errors.New("another cleanup is running")

// CleanupRunningError says which run of the cleanup is at work. A run that was not heard of for its lease gets this error too, once
// another one has taken its place.
type CleanupRunningError struct {
	// Runner is what the other run says it is.
	Runner string
	// Expires is when it is given up unless more is heard of it; the zero time if it has ended meanwhile.
	Expires time.Time
}

func (e *CleanupRunningError) Error() string {
	if e.Expires.IsZero() {
		return "another cleanup has taken the place of this one: " + e.Runner
	}
	return fmt.Sprintf("another cleanup is running: %s; it is given up at %s unless more is heard of it",
		e.Runner, e.Expires.UTC().Format(time.RFC3339))
}

// Is reports whether the target is ErrCleanupRunning.
func (e *CleanupRunningError) Is(target error) bool { return target == ErrCleanupRunning }

// RemoveAllCommandsBeforeDate removes the trees of commands that finished before a date: a root that did, with everything below it, in
// which every command has finished and that no async task names any command of. A tree goes as a whole or stays as a whole, whoever owned
// or wrote it. It works in short transactions, and beside everybody else: what is in use just then is kept. The report is right also
// when an error comes with it: what was removed until then stays removed.
//
// Only one run is at work on a database at a time: while there is another, a CleanupRunningError says which. A date in the future, on the
// clock of the database, is a CutoffError.
func (c *Coordinator) RemoveAllCommandsBeforeDate(ctx context.Context, before time.Time, options CleanupOptions) (CleanupReport, error) {
	options.Runner = cmp.Or(options.Runner, c.options.Name)
	var report CleanupReport
	err := c.call(ctx, "remove commands before a date", 0, func() error {
		var err error
		report, err = Cleanup(ctx, c.pool, before, options)
		return err
	})
	if err == nil && c.options.Hooks.Cleaned != nil {
		c.options.Hooks.Cleaned(report)
	}
	return report, err
}

// Cleanup is Coordinator.RemoveAllCommandsBeforeDate for a program that is no instance.
func Cleanup(ctx context.Context, db Beginner, before time.Time, options CleanupOptions) (CleanupReport, error) {
	options, err := options.withDefaults()
	if err != nil {
		return CleanupReport{}, err
	}
	c := &cleanup{db: db, options: options, before: before, report: newCleanupReport(before, options.DryRun)}
	if options.DryRun {
		err = c.sweep(ctx)
	} else {
		err = c.run(ctx, nil)
	}
	return c.report, err
}

func newCleanupReport(before time.Time, dryRun bool) CleanupReport {
	return CleanupReport{Before: before, DryRun: dryRun, Kept: []KeptTrees{}}
}

// doneError says that the daily run of that day is done.
type doneError struct{}

func (doneError) Error() string { return "the cleanup of that day is done" }

// run begins a run, cleans up and ends it. due, if not nil, is when this daily run was due: once it is done no other one begins it.
func (c *cleanup) run(ctx context.Context, due *time.Time) error {
	c.runID = uuid.NullUUID{UUID: uuid.New(), Valid: true}
	if err := c.begin(ctx, due); err != nil {
		return err
	}
	err := c.sweep(ctx)
	done := due
	if err != nil {
		done = nil
	}
	if lost, _ := errors.AsType[*CleanupRunningError](err); lost != nil {
		return err // nothing is this run's to end
	}
	return errors.Join(err, c.end(ctx, done))
}

func (c *cleanup) begin(ctx context.Context, due *time.Time) error {
	lease := c.options.Lease + c.options.Pause
	var found gen.CleanupRun
	err := c.transact(ctx, true, func(q *gen.Queries) error {
		var err error
		found, err = q.BeginCleanup(ctx, gen.BeginCleanupParams{
			RunID: c.runID.UUID, Runner: c.options.Runner, LeaseMs: int32(lease.Milliseconds()), Due: due, //nolint:gosec // weeks fit
		})
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("begin the cleanup: %w", err)
	case found.RunID == c.runID:
		return nil
	case due != nil && found.DoneUntil != nil && !found.DoneUntil.Before(*due):
		return doneError{}
	}
	other := &CleanupRunningError{}
	if found.Runner != nil {
		other.Runner = *found.Runner
	}
	if found.ExpiresAt != nil {
		other.Expires = *found.ExpiresAt
	}
	return other
}

// endPatience bounds how long a run that was interrupted takes to say so.
const endPatience = 5 * time.Second

// end makes way for the next run at once, also when this one was interrupted.
func (c *cleanup) end(ctx context.Context, done *time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	err := c.transact(ctx, true, func(q *gen.Queries) error {
		_, err := q.EndCleanup(ctx, gen.EndCleanupParams{RunID: c.runID.UUID, Due: done, Removed: c.report.RemovedCommands})
		return err
	})
	if err != nil {
		return fmt.Errorf("end the cleanup: %w", err)
	}
	return nil
}
