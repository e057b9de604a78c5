package coordinator

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ovirt/coco/gen"
)

func TestASecondCleanupIsToldWhoIsAtWork(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40})
	first := &cleanup{db: pool, before: monthAgo()}
	first.options, _ = CleanupOptions{Runner: "the first", Lease: 700 * time.Millisecond}.withDefaults()
	first.runID = uuid.NullUUID{UUID: uuid.New(), Valid: true}
	if err := first.begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Runner: "the second"})
	var running *CleanupRunningError
	if !errors.As(err, &running) || !errors.Is(err, ErrCleanupRunning) || running.Runner != "the first" || time.Until(running.Expires) > 2*time.Second {
		t.Fatalf("the second: %v", err)
	}
	if said, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{DryRun: true}); err != nil || said.RemovedTrees != 1 {
		t.Errorf("a dry run beside it: %+v, %v", said, err)
	}

	// The first is killed here: nothing is heard of it any more.
	eventually(t, func() bool {
		report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Runner: "the second"})
		return err == nil && report.RemovedTrees == 1
	})
	// It was only paused, and goes on.
	store(t, pool, node{2, 0, 2, done, 40})
	if _, err := first.batch(t.Context(), uuid.NullUUID{}, 100); !errors.As(err, &running) || running.Runner != "the second" {
		t.Errorf("the first afterwards: %v", err)
	}
	if got := len(stored(t, pool)); got != 1 {
		t.Errorf("it went on removing: %d commands are left", got)
	}
}

func TestARunThatLosesItsLeaseStopsAndWhatItRemovedAreWholeTrees(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	var nodes []node
	for i := 1; i <= 100; i++ {
		nodes = append(nodes, node{i, 0, i, done, 40}, node{1000 + i, i, i, done, 40})
	}
	store(t, pool, nodes...)
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{BatchRows: 20, Progress: func(CleanupReport, float64) {
		// It was away for longer than its lease, and another one has begun.
		exec(t, pool, `UPDATE coco.cleanup_run SET expires_at = clock_timestamp() - interval '1 s'`)
		_, err := gen.New(pool).BeginCleanup(t.Context(), gen.BeginCleanupParams{RunID: id(1), Runner: "the thief of places", LeaseMs: 60_000})
		if err != nil {
			t.Error(err)
		}
	}})
	var running *CleanupRunningError
	if !errors.As(err, &running) || running.Runner != "the thief of places" || report.Batches != 1 {
		t.Errorf("%v after %d batches", err, report.Batches)
	}
	left := stored(t, pool)
	for _, n := range left {
		if n < 1000 && !slices.Contains(left, 1000+n) || n > 1000 && !slices.Contains(left, n-1000) {
			t.Errorf("half a tree is left: %d", n)
		}
	}
	if len(left) != 200-int(report.RemovedCommands) {
		t.Errorf("%d commands are left, %d were removed", len(left), report.RemovedCommands)
	}
	var runner string
	if err := pool.QueryRow(t.Context(), `SELECT runner FROM coco.cleanup_run WHERE run_id IS NOT NULL`).Scan(&runner); err != nil || runner != running.Runner {
		t.Errorf("it has ended the run of another one: %q, %v", runner, err)
	}
}

func TestARunThatStopsInTheMiddleOfABatchGivesItsPlaceUp(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40})
	paused := make(chan struct{})
	stopped := &cleanup{db: pool, before: monthAgo()}
	stopped.options, _ = CleanupOptions{Lease: 500 * time.Millisecond, Export: writer(func([]byte) { close(paused); <-t.Context().Done() })}.withDefaults()
	stopped.runID = uuid.NullUUID{UUID: uuid.New(), Valid: true}
	if err := stopped.begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = stopped.batch(context.WithoutCancel(t.Context()), uuid.NullUUID{}, 100) }() // its connection will be gone
	<-paused
	if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{}); !errors.Is(err, ErrCleanupRunning) {
		t.Errorf("while it holds its place: %v", err)
	}
	eventually(t, func() bool {
		report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{})
		return err == nil && report.RemovedTrees == 1
	})
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

func TestAnInterruptedRunEndsAtOnceAndTheNextOneGoesOn(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	var nodes []node
	for i := 1; i <= 60; i++ {
		nodes = append(nodes, node{i, 0, i, done, 40})
	}
	store(t, pool, nodes...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	report, err := Cleanup(ctx, pool, monthAgo(), CleanupOptions{BatchRows: 20, Progress: func(CleanupReport, float64) { cancel() }})
	if !errors.Is(err, context.Canceled) || report.RemovedTrees == 0 || report.RemovedTrees == 60 {
		t.Fatalf("%+v, %v", report, err)
	}
	rest, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{})
	if err != nil || rest.RemovedTrees+report.RemovedTrees != 60 {
		t.Errorf("%+v, then %+v, %v", report, rest, err)
	}
}
