package coordinator_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
)

// watch runs Watch until the test ends, and passes on what it is handed.
func watch(t *testing.T, c *coordinator.Coordinator) <-chan uuid.UUID {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	seen, done := make(chan uuid.UUID, 100), make(chan error, 1)
	go func() {
		done <- c.Watch(ctx, func(_ context.Context, cmds []*coordinator.Command) error {
			for _, cmd := range cmds {
				seen <- cmd.ID()
			}
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch returned %v", err)
		}
	})
	return seen
}

func next(t *testing.T, seen <-chan uuid.UUID) uuid.UUID {
	t.Helper()
	select {
	case id := <-seen:
		return id
	case <-time.After(10 * time.Second):
		t.Fatal("Watch has handed out nothing")
		return uuid.Nil
	}
}

// The lease is that of a day: only the server's hint can be that quick.
func TestWatchIsToldOfACleanStopAtOnce(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	before := open(t, db.URL, coordinator.Options{})
	early := store(t, before, "free before", nil)
	must(t, before.Close(t.Context()))
	seen := watch(t, open(t, db.URL, coordinator.Options{Lease: coordinator.MaxLease}))
	if id := next(t, seen); id != early.ID() {
		t.Errorf("%s, not the one that was free before", id)
	}
	for range 2 {
		c := open(t, db.URL, coordinator.Options{})
		cmd := store(t, c, "to be handed on", nil)
		eventually(t, "somebody listens", func() bool {
			return ask[bool](t, db, `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database())`)
		})
		must(t, c.Close(t.Context()))
		if id := next(t, seen); id != cmd.ID() {
			t.Errorf("%s, not %s", id, cmd.ID())
		}
	}
}

// A distributed PostgreSQL, or a pooler between, has no notifications.
func TestWatchWorksWithoutNotifications(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	source := ask[string](t, db, `SELECT pg_get_functiondef('coco.stop_instance'::regproc)`)
	silent := strings.Replace(source, "PERFORM pg_notify('coco_commands', '');", "", 1)
	if silent == source {
		t.Fatal("stop_instance notifies nobody")
	}
	db.exec(t, silent)
	seen := watch(t, open(t, db.URL, coordinator.Options{Lease: short}))
	c := open(t, db.URL, coordinator.Options{})
	cmd := store(t, c, "to be handed on", nil)
	must(t, c.Close(t.Context()))
	if id := next(t, seen); id != cmd.ID() {
		t.Errorf("%s, not %s", id, cmd.ID())
	}
}

func TestWatchOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	g := &gate{}
	seen := watch(t, openOn(t, newPool(t, db.URL, g.through), coordinator.Options{Lease: short}))
	g.close()
	time.Sleep(2 * short)
	g.open()
	c := open(t, db.URL, coordinator.Options{})
	cmd := store(t, c, "to be handed on", nil)
	must(t, c.Close(t.Context()))
	if id := next(t, seen); id != cmd.ID() {
		t.Errorf("%s, not %s", id, cmd.ID())
	}
}

func TestWatchReturnsWhatItsFunctionReturns(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	first, second := open(t, db.URL, coordinator.Options{}), open(t, db.URL, coordinator.Options{})
	cmd := store(t, first, "too much", nil)
	must(t, first.Close(t.Context()))
	full := errors.New("no more room")
	err := second.Watch(t.Context(), func(context.Context, []*coordinator.Command) error { return full })
	if !errors.Is(err, full) {
		t.Fatal(err)
	}
	mine, err := second.Unfinished(t.Context(), coordinator.UnfinishedOptions{Mine: true})
	if err != nil || len(mine) != 1 || mine[0].ID() != cmd.ID() {
		t.Errorf("what was not driven is not listed: %v, %v", ids(mine), err)
	}
}

func TestCloseEndsWatch(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	done := make(chan error, 1)
	go func() {
		done <- c.Watch(t.Context(), func(context.Context, []*coordinator.Command) error { return nil })
	}()
	must(t, c.Close(t.Context()))
	_ = fails[*coordinator.InstanceEndedError](t, <-done, coordinator.ErrInstanceEnded)
}

// Not parallel: it counts the goroutines of the whole process.
func TestNothingIsLeftRunning(t *testing.T) {
	db := newDatabase(t)
	before := runtime.NumGoroutine()
	for _, outage := range []bool{false, true} {
		g := &gate{}
		config, err := pgxpool.ParseConfig(db.URL)
		must(t, err)
		g.through(config)
		pool, err := pgxpool.NewWithConfig(t.Context(), config)
		must(t, err)
		c, err := coordinator.Open(t.Context(), pool, coordinator.Options{Lease: coordinator.MinLease})
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- c.Watch(ctx, func(context.Context, []*coordinator.Command) error { return nil })
		}()
		time.Sleep(coordinator.MinLease)
		if outage {
			g.close()
			time.Sleep(coordinator.MinLease)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := c.Close(t.Context()); (err != nil) != outage {
			t.Errorf("closed with outage %t: %v", outage, err)
		}
		if outage { // it may be tried again
			g.open()
			must(t, c.Close(t.Context()))
		}
		pool.Close()
	}
	eventually(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
	if stopped := ask[int](t, db, `SELECT count(*) FROM coco.instance_summary WHERE state = 'stopped'`); stopped != 2 {
		t.Errorf("%d of 2 have stopped", stopped)
	}
}
