package upgrade_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/snapshot"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// Whatever lock somebody holds for long, on a table of the engine: a step that does not go together with it ends with ErrBusy, names that
// session and the age of its transaction, and leaves the database as it was. One that does go together is not held up.
func TestWhoeverHoldsALockIsNamedAndNothingIsChanged(t *testing.T) {
	type hold struct {
		table string
		modes []upgrade.LockMode
	}
	for _, c := range []struct {
		from, to  upgrade.Phase
		inTheWay  []hold
		harmless  string
		committed int64 // the version that no lock is in the way of
	}{
		{"", upgrade.Expand, []hold{
			{"async_tasks", []upgrade.LockMode{
				upgrade.RowExclusive, upgrade.ShareUpdateExclusive, upgrade.Share, upgrade.ShareRowExclusive, upgrade.Exclusive,
				upgrade.AccessExclusive,
			}},
		}, `LOCK TABLE async_tasks IN ROW SHARE MODE; LOCK TABLE async_tasks_entities, schema_version IN ACCESS EXCLUSIVE MODE`, 1},
		{upgrade.Switch, upgrade.Contract, []hold{
			{"async_tasks", []upgrade.LockMode{upgrade.AccessShare, upgrade.RowShare, upgrade.ShareUpdateExclusive, upgrade.AccessExclusive}},
			{"command_entities", []upgrade.LockMode{upgrade.AccessShare, upgrade.AccessExclusive}},
			{"schema_version", []upgrade.LockMode{upgrade.Share, upgrade.Exclusive}},
		}, `LOCK TABLE schema_version IN ROW EXCLUSIVE MODE; LOCK TABLE async_tasks_entities IN ACCESS EXCLUSIVE MODE`, 8},
	} {
		t.Run(string(c.to), func(t *testing.T) {
			db := engine(t)
			if c.from != "" {
				upgrader, _ := newUpgrader(t, db.URL)
				if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: c.from}); err != nil {
					t.Fatal(err)
				}
			}
			before := lines(t, db)
			for _, held := range c.inTheWay {
				for _, mode := range held.modes {
					holder := session(t, db, `SET application_name = 'report'; BEGIN; LOCK TABLE `+held.table+` IN `+string(mode)+` MODE`)
					upgrader, _ := newUpgrader(t, db.URL)
					result, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: c.to, LockBudget: 100 * time.Millisecond})
					run(t, holder, `ROLLBACK`)
					wantBusy(t, err, holder)
					var busy *upgrade.Error
					if errors.As(err, &busy) && (busy.Sessions[0].Age < 50*time.Millisecond || busy.Sessions[0].Application != "report" ||
						busy.Sessions[0].User != "postgres") {
						t.Errorf("%s %s: the session is %+v", held.table, mode, busy.Sessions[0])
					}
					if result.To != c.committed {
						t.Errorf("%s %s: it came to version %d", held.table, mode, result.To)
					}
				}
			}
			if c.from == "" {
				upgrader, _ := newUpgrader(t, db.URL)
				if _, err := upgrader.Down(t.Context(), upgrade.DownOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			if after := lines(t, db); !slices.Equal(after, before) {
				t.Error("the database was changed")
			}
			session(t, db, `BEGIN; `+c.harmless)
			upgrader, _ := newUpgrader(t, db.URL)
			if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: c.to, LockBudget: time.Second}); err != nil {
				t.Errorf("this goes together: %v", err)
			}
		})
	}
}

func lines(t *testing.T, db *testdb.DB) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	found, err := snapshot.Take(t.Context(), conn, snapshot.Options{ExceptRows: []string{
		"coco.journal", "coco.journal_id_seq", "coco.drain",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestPreparedTransactionThatHoldsALockIsNamed(t *testing.T) {
	db := engine(t)
	holder := session(t, db, `BEGIN; LOCK TABLE async_tasks IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'left over'`)
	upgrader, _ := newUpgrader(t, db.URL)
	_, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand, LockBudget: 100 * time.Millisecond})
	run(t, holder, `ROLLBACK PREPARED 'left over'`)
	var busy *upgrade.Error
	if !errors.As(err, &busy) || !errors.Is(err, upgrade.ErrBusy) || len(busy.Sessions) != 1 || busy.Sessions[0].Prepared != "left over" {
		t.Errorf("got %v", err)
	}
}

// Time-outs that somebody has set for the role, or the database, are for the engine's statements: they must not end a run.
func TestTimeoutsOfARoleDoNotEndARun(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	hurry(t, db)
	slow := with(toy(), "000003_c.up.sql", "-- coco:phase expand\nSELECT pg_sleep(0.5);")
	upgrader, _ := newUpgrader(t, db.URLFor("coco_test_hurried"), migrations(slow), func(o *upgrade.Options) {
		o.Observe = func(upgrade.Event) { time.Sleep(100 * time.Millisecond) }
	})
	if result, err := upgrader.Up(t.Context(), upgrade.UpOptions{ReconnectBudget: -1}); err != nil || result.To != 3 {
		t.Errorf("up: %+v, %v", result, err)
	}
	err := upgrader.Read(t.Context(), func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `SELECT pg_sleep(0.5)`)
		return err
	})
	if err != nil {
		t.Errorf("reading: %v", err)
	}
	if _, err := upgrader.Down(t.Context(), upgrade.DownOptions{ReconnectBudget: -1}); err != nil {
		t.Errorf("down: %v", err)
	}
}

// hurry makes a role of its own whose time-outs end whatever takes long.
func hurry(t *testing.T, db *testdb.DB) {
	t.Helper()
	settings := []string{"statement_timeout=300", "idle_in_transaction_session_timeout=300", "lock_timeout=300"}
	if db.Server.Version() >= 140000 {
		settings = append(settings, "idle_session_timeout=300")
	}
	if db.Server.Version() >= 170000 {
		settings = append(settings, "transaction_timeout=300")
	}
	exec(t, db, `CREATE ROLE coco_test_hurried SUPERUSER LOGIN`)
	t.Cleanup(func() {
		if err := dropRole(db, "coco_test_hurried"); err != nil {
			t.Error(err)
		}
	})
	for _, setting := range settings {
		exec(t, db, `ALTER ROLE coco_test_hurried SET `+setting)
	}
}

// The connections beside the first one rest between batches, too.
func TestTimeoutsOfARoleDoNotEndACopyOverTwoConnections(t *testing.T) {
	db := engine(t)
	hurry(t, db)
	upgrader, _ := newUpgrader(t, db.URLFor("coco_test_hurried"))
	options := upgrade.UpOptions{To: upgrade.Backfill, Jobs: 2, Batch: 20, Pause: 500 * time.Millisecond, ReconnectBudget: -1}
	if _, err := upgrader.Up(t.Context(), options); err != nil {
		t.Error(err)
	}
}

func dropRole(db *testdb.DB, role string) error {
	conn, err := pgx.Connect(context.Background(), db.URL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.PgConn().Exec(context.Background(), `DROP OWNED BY `+role+`; DROP ROLE `+role).ReadAll()
	return err
}

// What only reads waits for nobody who holds a table for long: it ends, and names who it is.
func TestReadingATableThatIsLockedEndsAndNamesTheHolder(t *testing.T) {
	db := engine(t)
	up, _ := newUpgrader(t, db.URL)
	if _, err := up.Up(t.Context(), upgrade.UpOptions{To: upgrade.Expand}); err != nil {
		t.Fatal(err)
	}
	holder := session(t, db, `BEGIN; LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE`)
	upgrader, _ := newUpgrader(t, db.URL)
	released := make(chan struct{})
	time.AfterFunc(time.Second, func() {
		defer close(released)
		run(t, holder, `ROLLBACK`)
	})
	started := time.Now()
	if _, err := upgrader.Status(t.Context()); err != nil {
		t.Errorf("the lock was gone after a second, but: %v", err)
	}
	<-released
	if took := time.Since(started); took < 900*time.Millisecond || took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}
