package coordinator

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/gen"
)

func TestTheDailyRunIsDueAtItsTimeOfDayWhereItsClockIs(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		at             string
		location       *time.Location
		now, due, next string
	}{
		"before":              {"", time.UTC, "2026-03-10T03:35:34Z", "2026-03-09T03:35:35Z", "2026-03-10T03:35:35Z"},
		"at that second":      {"", time.UTC, "2026-03-10T03:35:35Z", "2026-03-10T03:35:35Z", "2026-03-11T03:35:35Z"},
		"after":               {"00:00:00", time.UTC, "2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
		"another day there":   {"23:00:00", berlin, "2026-03-10T22:30:00Z", "2026-03-10T22:00:00Z", "2026-03-11T22:00:00Z"},
		"when clocks go on":   {"03:35:35", berlin, "2026-03-29T00:00:00Z", "2026-03-28T02:35:35Z", "2026-03-29T01:35:35Z"},
		"when they go back":   {"03:35:35", berlin, "2026-10-25T02:00:00Z", "2026-10-24T01:35:35Z", "2026-10-25T02:35:35Z"},
		"an hour not there":   {"02:30:00", berlin, "2026-03-29T12:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"},
		"the end of the year": {"12:00:00", time.UTC, "2026-12-31T13:00:00Z", "2026-12-31T12:00:00Z", "2027-01-01T12:00:00Z"},
	} {
		d, err := newDaily(nil, CleanerOptions{At: c.at, Location: c.location})
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		due, next := d.due(now)
		if got, want := due.UTC().Format(time.RFC3339)+" "+next.UTC().Format(time.RFC3339), c.due+" "+c.next; got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
}

func TestOptionsOfTheDailyRunThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for says, options := range map[string]CleanerOptions{
		`"25:00:00" is no time of day`: {At: "25:00:00"},
		`"3:35" is no time of day`:     {At: "3:35"},
		"cannot be negative":           {Age: -1},
		"Retry cannot be negative":     {Retry: -1},
		"BatchRows, Pause":             {Cleanup: CleanupOptions{BatchRows: -1}},
		"a dry run":                    {Cleanup: CleanupOptions{DryRun: true}},
	} {
		if _, err := newDaily(nil, options); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v", options, err)
		}
	}
}

// cleaners are several instances that clean up one database.
type cleaners struct {
	reports atomic.Int64
	removed atomic.Int64
	running sync.WaitGroup
}

func (c *cleaners) start(ctx context.Context, t *testing.T, pool *pgxpool.Pool, options CleanerOptions) {
	t.Helper()
	d, err := newDaily(pool, options)
	if err != nil {
		t.Fatal(err)
	}
	d.cleaned = func(report CleanupReport) {
		c.reports.Add(1)
		c.removed.Add(report.RemovedCommands)
	}
	c.running.Go(func() {
		if err := d.run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}

func TestThreeInstancesMakeOneRunADay(t *testing.T) {
	t.Parallel()
	db, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40}, node{2, 0, 2, done, 3})
	now, err := gen.New(pool).DatabaseClock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	due := now.UTC().Add(3 * time.Second).Truncate(time.Second)
	options := CleanerOptions{At: due.Format(time.TimeOnly), Location: time.UTC, Retry: 100 * time.Millisecond}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	all := &cleaners{}
	for range 3 {
		all.start(ctx, t, poolOf(t, db), options)
	}
	// The first run of all is made at once: nobody knows of one.
	eventually(t, func() bool { return all.reports.Load() == 1 })
	store(t, pool, node{3, 0, 3, done, 40})
	eventually(t, func() bool { return all.reports.Load() == 2 })
	if time.Now().Before(due.Add(-time.Second)) {
		t.Error("it ran before it was due")
	}
	time.Sleep(500 * time.Millisecond)
	stop()
	all.running.Wait()
	if all.reports.Load() != 2 || all.removed.Load() != 2 {
		t.Errorf("%d runs removed %d commands", all.reports.Load(), all.removed.Load())
	}

	// All were down when the next one was due.
	exec(t, pool, `UPDATE coco.cleanup_run SET done_until = done_until - interval '1 day'`)
	store(t, pool, node{4, 0, 4, done, 40})
	ctx, stop = context.WithCancel(t.Context())
	defer stop()
	for range 2 {
		all.start(ctx, t, poolOf(t, db), options)
	}
	eventually(t, func() bool { return all.removed.Load() == 3 })
	stop()
	all.running.Wait()
	if all.reports.Load() != 3 {
		t.Errorf("%d runs", all.reports.Load())
	}
}

func TestTheDailyRunOutlivesErrorsAndTheRunThatDiedBeforeIt(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40})
	dead := &cleanup{db: pool, before: monthAgo()}
	dead.options, _ = CleanupOptions{Lease: 600 * time.Millisecond}.withDefaults()
	dead.runID.UUID = id(1)
	due := time.Now()
	if err := dead.begin(t.Context(), &due); err != nil && !errors.Is(err, ErrCleanupRunning) {
		t.Fatal(err)
	}
	exec(t, pool, `ALTER FUNCTION coco.clean_batch RENAME TO clean_batch_away`)

	var failed atomic.Int64
	d, err := newDaily(pool, CleanerOptions{Retry: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	d.logger = slog.New(slog.NewTextHandler(writer(func(line []byte) {
		if strings.Contains(string(line), "the cleanup of commands failed") && strings.Contains(string(line), "not have coco's procedures") {
			failed.Add(1)
		}
	}), nil))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.run(ctx) }()
	eventually(t, func() bool { return failed.Load() > 1 })
	exec(t, pool, `ALTER FUNCTION coco.clean_batch_away RENAME TO clean_batch`)
	eventually(t, func() bool { return len(stored(t, pool)) == 0 })
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func TestACoordinatorCleansUpDailyUntilItIsClosed(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40}, node{2, 0, 2, done, 4})
	var reports atomic.Int64
	c, err := Open(t.Context(), pool, Options{Name: "a test", Hooks: Hooks{Cleaned: func(CleanupReport) { reports.Add(1) }}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.RunCleaner(t.Context(), CleanerOptions{}) }()
	eventually(t, func() bool { return len(stored(t, pool)) == 1 && reports.Load() == 1 })
	report, err := c.RemoveAllCommandsBeforeDate(t.Context(), time.Now().Add(-72*time.Hour), CleanupOptions{})
	if err != nil || report.RemovedTrees != 1 || reports.Load() != 2 {
		t.Errorf("%+v, %v; the hook was called %d times", report, err, reports.Load())
	}
	if err := c.RunCleaner(t.Context(), CleanerOptions{At: "noon"}); err == nil {
		t.Error("noon is taken for a time of day")
	}
	if err := c.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, ErrInstanceEnded) {
		t.Errorf("it ended with %v", err)
	}
	var runner string
	if err := pool.QueryRow(t.Context(), `SELECT runner FROM coco.cleanup_run`).Scan(&runner); err != nil || runner != "a test" {
		t.Errorf("the runner is %q, %v", runner, err)
	}
}
