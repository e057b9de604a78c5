package driver_test

import (
	"errors"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/cutconn"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/driver"
)

const (
	traceOfNothing = "version -1 dirty f table false"
	traceOfOne     = "version 1 dirty f table true rows 1"
	traceOfTwo     = "version 2 dirty f table true rows 1,2 journal up1firsts1l1,up2seconds2l2"
)

func TestEachMoveLeavesBodyVersionAndJournal(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	m, _ := newMigrate(t, conn, toy, driver.Config{})

	for i, want := range []struct {
		steps int
		trace string
	}{
		{1, traceOfOne}, {1, traceOfTwo}, {-1, traceOfOne}, {-1, traceOfNothing}, {2, traceOfTwo}, {-2, traceOfNothing},
	} {
		if err := m.Steps(want.steps); err != nil {
			t.Fatalf("move %d: %v", i, err)
		}
		if got := trace(t, conn); got != want.trace {
			t.Errorf("after move %d: %s, want %s", i, got, want.trace)
		}
	}
	if err := m.Steps(-1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("down from nothing: %v, want os.ErrNotExist", err)
	}
}

func TestJournalSaysWhoWhenAndHowLong(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	m, _ := newMigrate(t, conn, withFile(toy, "2_second.up.sql", journalSQL+`SELECT pg_sleep(0.05)`), driver.Config{})
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	ok := get[bool](t, conn, `SELECT bool_and(tool_version = 'test' AND client = 'here' AND applied_by = session_user
			AND started_at BETWEEN now() - interval '1 minute' AND applied_at AND duration >= interval '0')
			AND max(duration) FILTER (WHERE version = 2) BETWEEN interval '50 ms' AND interval '30 s'
		FROM coco.journal`)
	if !ok {
		t.Error("the journal's rows are not as they should be")
	}
}

func TestFailingBodyLeavesNothing(t *testing.T) {
	for name, body := range map[string]string{
		"error in the last statement": `CREATE TABLE public.other (); SELECT 1/0`,
		"syntax error":                `CREATE TABLE public.other (); CREATE NONSENSE`,
		"deferred constraint":         `CREATE TABLE public.other (n integer UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO public.other VALUES (1), (1)`,
		"cut by the server":           `CREATE TABLE public.other (); SELECT pg_terminate_backend(pg_backend_pid())`,
	} {
		t.Run(name, func(t *testing.T) {
			db := testdb.New(t, testdb.Options{})
			look := db.Connect(t.Context())
			for version, want := range []string{traceOfNothing, traceOfOne} {
				conn := db.Connect(t.Context())
				file := []string{"1_first.up.sql", "2_second.up.sql"}[version]
				m, _ := newMigrate(t, conn, withFile(toy, file, body), driver.Config{})
				if err := m.Steps(1); err == nil {
					t.Fatal("the migration did not fail")
				}
				_ = conn.Close(t.Context())
				waitAlone(t, look)
				if got := trace(t, look); got != want {
					t.Errorf("version %d left %s, want %s", version+1, got, want)
				}
				if get[bool](t, look, `SELECT to_regclass('public.other') IS NOT NULL`) {
					t.Error("the body's table is there")
				}
				good, _ := newMigrate(t, look, toy, driver.Config{})
				if err := good.Steps(1); err != nil {
					t.Fatalf("the right migration after it: %v", err)
				}
			}
		})
	}
}

// Cuts the connection at every single read and write of a way up and down: the database is always before or behind a migration,
// and the way can be finished from there.
func TestCutConnectionLeavesBeforeOrAfter(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	look := db.Connect(t.Context())
	for operations := int64(0); ; operations++ {
		cutter := cutconn.After(operations)
		config, err := pgx.ParseConfig(db.URL)
		if err != nil {
			t.Fatal(err)
		}
		config.DialFunc = cutter.Wrap(config.DialFunc)
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err == nil {
			m, _ := newMigrate(t, conn, toy, driver.Config{})
			err = errors.Join(m.Up(), m.Down())
			_ = conn.Close(t.Context())
		}
		waitAlone(t, look)
		if got := trace(t, look); got != traceOfNothing && got != traceOfOne && got != traceOfTwo {
			t.Fatalf("cut after %d operations: %s", operations, got)
		}
		if !cutter.Cut() {
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d reads and writes", operations)
			return
		}
		finish(t, look)
	}
}

// finish takes the toy chain up and down from wherever it is.
func finish(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	m, _ := newMigrate(t, conn, toy, driver.Config{})
	if err := m.Up(); err != nil && !errors.Is(err, migrate.ErrNoChange) {
		t.Fatal(err)
	}
	if got := trace(t, conn); got != traceOfTwo {
		t.Fatalf("finished up: %s", got)
	}
	if err := m.Down(); err != nil {
		t.Fatal(err)
	}
	if got := trace(t, conn); got != traceOfNothing {
		t.Fatalf("finished down: %s", got)
	}
}

func TestSessionSettingsEndWithTheFile(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	conn := db.Connect(t.Context())
	const settings = `SELECT format('%s %s %s %s %s %s', current_user, current_setting('search_path'), current_setting('lock_timeout'),
		current_setting('application_name'), current_setting('synchronous_commit'), to_regclass('pg_temp.leftover'))`
	before := get[string](t, conn, settings)
	m, _ := newMigrate(t, conn, withFile(toy, "1_first.up.sql", `SET search_path = pg_catalog; SET lock_timeout = '7s';
		SET application_name = 'body'; SET LOCAL synchronous_commit = off; CREATE TEMP TABLE leftover ();
		SET ROLE pg_monitor`), driver.Config{LockTimeout: time.Second})
	if err := m.Steps(1); err != nil {
		t.Fatal(err)
	}
	if after := get[string](t, conn, settings); after != before {
		t.Errorf("after the file: %s, before it: %s", after, before)
	}
}

// A body that holds a lock everybody waits for lets go of it before the disk has written the commit. Only its own transaction does that.
func TestABodySaysWhetherItsCommitWaitsForTheDisk(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	const setting = `SELECT current_setting('synchronous_commit')`
	before := get[string](t, conn, setting)
	for body, want := range map[string]string{
		``: before,
		`SELECT set_config('synchronous_commit', 'remote_write', true)`: "remote_write",
		`SET synchronous_commit = local`:                                "local",
	} {
		// The version's trigger is the last statement before the commit.
		m, _ := newMigrate(t, conn, withFile(toy, "1_first.up.sql", body+`;
			CREATE TABLE witness (seen text);
			CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN INSERT INTO witness VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
			CREATE TRIGGER witness AFTER INSERT ON public.schema_migrations EXECUTE FUNCTION witness()`), driver.Config{})
		if err := m.Steps(1); err != nil {
			t.Fatal(err)
		}
		if got := get[string](t, conn, `SELECT string_agg(seen, ' ') FROM witness`); got != want {
			t.Errorf("%q commits with synchronous_commit = %s, want %s", body, got, want)
		}
		if after := get[string](t, conn, setting); after != before {
			t.Errorf("after %q: synchronous_commit = %s, before it: %s", body, after, before)
		}
		run(t, conn, `DROP TABLE witness; DROP FUNCTION witness CASCADE; DROP TABLE public.schema_migrations`)
	}
}

func TestBodyThatEndsItsTransactionIsRefused(t *testing.T) {
	for _, body := range []string{`COMMIT`, `COMMIT; BEGIN`, `ROLLBACK; BEGIN`} {
		conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
		m, _ := newMigrate(t, conn, withFile(toy, "1_first.up.sql", body), driver.Config{})
		if err := m.Steps(1); !errors.Is(err, driver.ErrEndsTransaction) {
			t.Errorf("%s: %v, want ErrEndsTransaction", body, err)
		}
		if version := get[int64](t, conn, `SELECT count(*) FROM pg_class WHERE relname = 'schema_migrations'`); version != 0 &&
			get[int64](t, conn, `SELECT count(*) FROM public.schema_migrations`) != 0 {
			t.Errorf("%s: it is recorded as applied", body)
		}
	}
}

func TestVersionMovedBySomebodyElseIsNoticed(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	conn, other := db.Connect(t.Context()), db.Connect(t.Context())
	m, d := newMigrate(t, conn, toy, driver.Config{})
	if err := m.Steps(1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Version(); err != nil {
		t.Fatal(err)
	}
	run(t, other, `UPDATE public.schema_migrations SET version = 2`)
	if err := d.SetVersion(2, true); err != nil {
		t.Fatal(err)
	}
	var moved *driver.MovedError
	if err := d.Run(strings.NewReader(`SELECT 1`)); !errors.As(err, &moved) || moved.Expected != 1 || moved.Found != 2 {
		t.Errorf("got %v, want a MovedError from 1 to 2", err)
	}
}

func TestDirtyMarkOfTheStockProgramStopsIt(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	run(t, conn, `CREATE TABLE public.schema_migrations (version bigint not null primary key, dirty boolean not null);
		INSERT INTO public.schema_migrations VALUES (1, true)`)
	m, d := newMigrate(t, conn, toy, driver.Config{})
	if err := m.Steps(1); err == nil || !errors.As(err, &migrate.ErrDirty{}) {
		t.Errorf("got %v, want golang-migrate's ErrDirty", err)
	}
	if _, _, err := d.Version(); err != nil {
		t.Fatal(err)
	}
	if err := d.SetVersion(2, true); err != nil {
		t.Fatal(err)
	}
	var dirty *driver.DirtyError
	if err := d.Run(strings.NewReader(`SELECT 1`)); !errors.As(err, &dirty) || dirty.Version != 1 {
		t.Errorf("got %v, want a DirtyError of version 1", err)
	}
}

func TestLockTimeoutGivesUpAndLeavesNothing(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	conn, other := db.Connect(t.Context()), db.Connect(t.Context())
	m, _ := newMigrate(t, conn, withFile(toy, "2_second.up.sql", `INSERT INTO public.toy VALUES (3); ALTER TABLE public.toy ADD m integer`),
		driver.Config{LockTimeout: 10 * time.Millisecond})
	if err := m.Steps(1); err != nil {
		t.Fatal(err)
	}
	run(t, other, `BEGIN; SELECT * FROM public.toy`)
	started := time.Now()
	err := m.Steps(1)
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "55P03" {
		t.Errorf("got %v, want a lock time-out", err)
	}
	if waited := time.Since(started); waited > 5*time.Second {
		t.Errorf("it waited %s", waited)
	}
	if got := trace(t, conn); got != traceOfOne {
		t.Errorf("it left %s", got)
	}
	run(t, other, `COMMIT`)
	if err := m.Steps(1); err != nil {
		t.Errorf("with the lock free: %v", err)
	}
}

func TestForceWritesTheVersionOnly(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	m, _ := newMigrate(t, conn, toy, driver.Config{})
	if err := m.Force(1); err != nil {
		t.Fatal(err)
	}
	if got := trace(t, conn); got != "version 1 dirty f table true" {
		t.Error(got)
	}
}

func TestMissingAndEmptyFilesMoveTheVersion(t *testing.T) {
	conn := testdb.New(t, testdb.Options{}).Connect(t.Context())
	m, _ := newMigrate(t, conn, files(map[string]string{
		"1_first.up.sql": "", "1_first.down.sql": "-- nothing\n", "2_second.down.sql": "SELECT 1",
	}), driver.Config{})
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	if got := trace(t, conn); got != "version 2 dirty f table true" {
		t.Error(got)
	}
	if err := m.Down(); err != nil {
		t.Fatal(err)
	}
	if got := trace(t, conn); got != traceOfNothing {
		t.Error(got)
	}
}

func withFile(fsys fstest.MapFS, name, text string) fstest.MapFS {
	changed := fstest.MapFS{}
	maps.Copy(changed, fsys)
	changed[name] = &fstest.MapFile{Data: []byte(text)}
	return changed
}

// waitAlone waits until the server has noticed that other connections are gone, and has rolled back what was open on them.
func waitAlone(t *testing.T, look *pgx.Conn) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for get[int64](t, look, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`) > 0 {
		if time.Now().After(deadline) {
			t.Fatal("other connections are still open")
		}
		time.Sleep(time.Millisecond)
	}
}
