package upgrade_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-migrate/migrate/v4"
	stock "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// session is a connection to a database with statements already run on it.
func session(t *testing.T, db *testdb.DB, sql string) *pgx.Conn {
	t.Helper()
	conn := db.Connect(t.Context())
	run(t, conn, sql)
	return conn
}

func run(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// wantBusy checks that an error is ErrBusy and names a session.
func wantBusy(t *testing.T, err error, conn *pgx.Conn) {
	t.Helper()
	var detailed *upgrade.Error
	if !errors.Is(err, upgrade.ErrBusy) || !errors.As(err, &detailed) {
		t.Fatalf("got %v, want ErrBusy", err)
	}
	if len(detailed.Sessions) != 1 || detailed.Sessions[0].PID != int32(conn.PgConn().PID()) || detailed.Hint == "" {
		t.Errorf("it does not name who is in the way and what to do: %v", err)
	}
}

func TestSecondRunnerIsToldWhoRuns(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	inside, goOn := make(chan struct{}), make(chan struct{})
	first, _ := newUpgrader(t, db.URL, migrations(toy()), func(o *upgrade.Options) {
		o.Observe = func(e upgrade.Event) {
			if started, ok := e.(upgrade.StepStarted); ok && started.N == 2 {
				close(inside)
				<-goOn
			}
		}
	})
	done := make(chan error, 1)
	go func() {
		_, err := first.Up(t.Context(), upgrade.UpOptions{})
		done <- err
	}()
	<-inside

	second, events := newUpgrader(t, db.URL, migrations(toy()))
	status, err := second.Status(t.Context())
	if err != nil || len(status.Running) != 1 || status.Running[0].Application != "coco upgrade" {
		t.Errorf("status: %+v, %v", status, err)
	}
	result, err := second.Up(t.Context(), upgrade.UpOptions{LockBudget: 300 * time.Millisecond})
	var detailed *upgrade.Error
	if !errors.Is(err, upgrade.ErrBusy) || !errors.As(err, &detailed) || len(detailed.Sessions) != 1 || len(result.Applied) > 0 {
		t.Errorf("the second: %+v, %v, want ErrBusy", result, err)
	}
	if waits := of[upgrade.WaitingForRun](*events); len(waits) != 1 || len(waits[0].Holders) != 1 {
		t.Errorf("events: %v", *events)
	}
	close(goOn)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if result, err := second.Up(t.Context(), upgrade.UpOptions{}); err != nil || len(result.Applied) > 0 {
		t.Errorf("after the first: %+v, %v", result, err)
	}
}

func TestLockThatIsHeldIsTriedAgain(t *testing.T) {
	db := engine(t)
	blocker := session(t, db, `BEGIN; LOCK TABLE async_tasks IN ROW EXCLUSIVE MODE`)
	upgrader, events := newUpgrader(t, db.URL)

	result, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand, LockBudget: 1500 * time.Millisecond})
	wantBusy(t, err, blocker)
	if result.To != 1 {
		t.Errorf("it came to version %d, want 1", result.To)
	}
	waits := of[upgrade.WaitingForLock](*events)
	if len(waits) == 0 || waits[0].Step.Version != 2 || waits[0].Attempt != 1 || len(waits[0].Holders) != 1 {
		t.Errorf("events: %v", waits)
	}

	upgrader, _ = newUpgrader(t, db.URL, func(o *upgrade.Options) {
		o.Observe = func(e upgrade.Event) {
			if _, ok := e.(upgrade.WaitingForLock); ok {
				run(t, blocker, `COMMIT`)
			}
		}
	})
	if result, err = upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil || result.To != 2 {
		t.Errorf("with the lock free: %+v, %v", result, err)
	}
}

// A client whose call goes together with what is held gets through between two attempts, also where a step holds one lock already while
// it waits for the next.
func TestNobodyWaitsLongerThanTheLockTimeout(t *testing.T) {
	for _, c := range []struct {
		from, to upgrade.Phase
		hold     string
	}{
		{"", upgrade.Expand, `async_tasks IN ROW EXCLUSIVE MODE`},
		{upgrade.Switch, upgrade.Contract, `async_tasks IN ACCESS SHARE MODE`},
		{upgrade.Switch, upgrade.Contract, `schema_version IN SHARE MODE`}, // wanted behind async_tasks
	} {
		t.Run(string(c.to)+" "+c.hold, func(t *testing.T) {
			db := engine(t)
			upgrader, _ := newUpgrader(t, db.URL)
			if c.from != "" {
				if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: c.from}); err != nil {
					t.Fatal(err)
				}
			}
			session(t, db, `BEGIN; LOCK TABLE `+c.hold)
			done := make(chan error, 1)
			go func() {
				_, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: c.to, LockBudget: time.Second})
				done <- err
			}()
			client, slowest, calls := db.Connect(t.Context()), time.Duration(0), 0
			for {
				select {
				case err := <-done:
					if !errors.Is(err, upgrade.ErrBusy) {
						t.Errorf("got %v, want ErrBusy", err)
					}
					t.Logf("%d calls, the slowest took %s; %v", calls, slowest, err)
					if slowest > 500*time.Millisecond || calls < 20 { // far from 10 ms, but machines in tests are busy; without a time-out it is a second
						t.Errorf("a client waited %s, and made %d calls", slowest, calls)
					}
					return
				default:
					started := time.Now()
					run(t, client, `UPDATE async_tasks SET status = status WHERE task_id = (SELECT min(task_id::text)::uuid FROM async_tasks)`)
					slowest = max(slowest, time.Since(started))
					calls++
				}
			}
		})
	}
}

func TestOlderTransactionsAreWaitedForAfterEachSwitch(t *testing.T) {
	db := engine(t)
	upgrader, _ := newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Prove}); err != nil {
		t.Fatal(err)
	}
	old := session(t, db, `BEGIN; SELECT 1`)
	upgrader, events := newUpgrader(t, db.URL)
	result, err := upgrader.Up(t.Context(), upgrade.UpOptions{DrainBudget: 200 * time.Millisecond})
	wantBusy(t, err, old)
	if result.To != 6 {
		t.Errorf("it came to version %d, want 6", result.To)
	}
	if drains := of[upgrade.Draining](*events); len(drains) != 1 || drains[0].Step.Version != 6 || len(drains[0].Blockers) != 1 {
		t.Errorf("events: %v", drains)
	}

	// The run after it waits for the same transaction, before it goes on.
	result, err = upgrader.Up(t.Context(), upgrade.UpOptions{DrainBudget: 200 * time.Millisecond})
	wantBusy(t, err, old)
	if len(result.Applied) > 0 {
		t.Errorf("it applied %v", result.Applied)
	}
	upgrader, _ = newUpgrader(t, db.URL, func(o *upgrade.Options) {
		o.Observe = func(e upgrade.Event) {
			if _, ok := e.(upgrade.Draining); ok {
				run(t, old, `COMMIT`)
			}
		}
	})
	if result, err = upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract}); err != nil || result.To != 9 {
		t.Errorf("after its end: %+v, %v", result, err)
	}
}

func TestCancelingALongMigrationRollsItBack(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	files := with(toy(), "000003_c.up.sql", "-- coco:phase expand\nCREATE TABLE public.half (); SELECT pg_sleep(60);")
	ctx, cancel := context.WithCancel(t.Context())
	upgrader, _ := newUpgrader(t, db.URL, migrations(files), func(o *upgrade.Options) {
		o.Observe = func(e upgrade.Event) {
			if started, ok := e.(upgrade.StepStarted); ok && started.N == 3 {
				time.AfterFunc(200*time.Millisecond, cancel)
			}
		}
	})
	started := time.Now()
	result, err := upgrader.Up(ctx, upgrade.UpOptions{})
	if !errors.Is(err, upgrade.ErrInterrupted) || result.To != 2 {
		t.Errorf("%+v, %v, want ErrInterrupted", result, err)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %s to stop", took)
	}
	if get[bool](t, db, `SELECT to_regclass('public.half') IS NOT NULL OR (SELECT version FROM public.schema_migrations) <> 2
		OR EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory')`) {
		t.Error("it left something")
	}
}

func TestStockProgramIsWaitedForAndWaits(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	upgrader, _ := newUpgrader(t, db.URL, migrations(toy()))
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	theirs, err := (&stock.Postgres{}).Open(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = theirs.Close() }()
	if err := theirs.Lock(); err != nil {
		t.Fatal(err)
	}
	if _, err := upgrader.Down(t.Context(), upgrade.DownOptions{LockBudget: 100 * time.Millisecond}); !errors.Is(err, upgrade.ErrBusy) {
		t.Errorf("while it runs: %v, want ErrBusy", err)
	}
	if err := theirs.Unlock(); err != nil {
		t.Fatal(err)
	}
	source, err := iofs.New(toy(), ".")
	if err != nil {
		t.Fatal(err)
	}
	m, err := migrate.NewWithInstance("toy", source, "stock", theirs)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Steps(-2); err != nil {
		t.Fatal(err)
	}
	if result, err := upgrader.Down(t.Context(), upgrade.DownOptions{}); err != nil || result.From != 1 || result.To != 0 {
		t.Errorf("behind it: %+v, %v", result, err)
	}
	if dump := db.Dump(t); strings.Contains(dump, "schema_migrations") {
		t.Error("the version table is left")
	}
}
