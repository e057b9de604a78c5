package approval_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/cutconn"
	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review/approval"
	"github.com/ovirt/coco/upgrade/review/catalog"
)

// watch compares the database, as a hash sees it, behind each batch and each action of an upgrader, and counts.
func watch(t *testing.T, conn *pgx.Conn, count *int) func(upgrade.Event) {
	t.Helper()
	before := read(t, conn)
	return func(e upgrade.Event) {
		var where string
		switch e := e.(type) {
		case upgrade.BatchDone:
			where = "a batch"
		case upgrade.StepFinished:
			where = string(e.Step.Direction) + " " + e.Step.String()
		case upgrade.ActionFinished:
			where = string(e.Kind)
		default:
			return
		}
		*count++
		for _, line := range approval.Differences(before, read(t, conn)) {
			t.Errorf("behind %s: %s", where, line)
		}
	}
}

func TestTheHashIsTheSameBehindEveryStepAndBatchThereAndBack(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	seen := 0
	upgrader := newUpgrader(t, db.URL, watch(t, conn, &seen))
	chain := upgrader.Chain()
	want := hash(t, conn, chain, "")
	for i := range 2 {
		if i == 1 { // the same once more: only the end is looked at
			upgrader = newUpgrader(t, db.URL, nil)
		}
		if result, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Retire, Batch: 10, Force: true}); err != nil || result.To != chain.Last() {
			t.Fatalf("up: %+v, %v", result, err)
		}
		if _, err := upgrader.Down(t.Context(), upgrade.DownOptions{Export: &bytes.Buffer{}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := hash(t, conn, chain, ""); got != want {
		t.Errorf("after all: %s, want %s", got, want)
	}
	t.Logf("looked %d times", seen)
	if steps := 2 * int(chain.Last()); seen < 2*steps {
		t.Errorf("only looked %d times, in %d steps", seen, steps)
	}
}

func TestTheHashIsTheSameInAFreshDatabase(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	conn := db.Connect(t.Context())
	seen := 0
	upgrader := newUpgrader(t, db.URL, watch(t, conn, &seen))
	chain := upgrader.Chain()
	want := hash(t, conn, chain, "")
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Retire, Force: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := upgrader.Down(t.Context(), upgrade.DownOptions{Export: &bytes.Buffer{}}); err != nil {
		t.Fatal(err)
	}
	run(t, conn, `CREATE TABLE other ()`)
	if seen == 0 || hash(t, conn, chain, "") == want {
		t.Error("another table gives the same hash")
	}
}

func TestTheHashIsTheSameWhenTheEngineHasInstalledItsProceduresAnew(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	conn := db.Connect(t.Context())
	run(t, conn, enginedb.FixtureSQL())
	upgrader := newUpgrader(t, db.URL, nil)
	want := hash(t, conn, upgrader.Chain(), "")
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract}); err != nil {
		t.Fatal(err)
	}
	for _, signature := range []string{"getasync_tasksbytask_id(uuid)", "getallfromasync_tasks()"} {
		run(t, conn, "DROP FUNCTION "+signature)
	}
	if got := hash(t, conn, upgrader.Chain(), ""); got != want {
		t.Errorf("where two are missing: %s, want %s", got, want)
	}
	run(t, conn, procedure(t, "getasync_tasksbytask_id")+procedure(t, "getallfromasync_tasks"))
	if got := hash(t, conn, upgrader.Chain(), ""); got != want {
		t.Errorf("where the engine's are back: %s, want %s", got, want)
	}
	if result, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract}); err != nil || len(result.Mended) == 0 {
		t.Fatalf("%+v, %v", result, err)
	}
	if got := hash(t, conn, upgrader.Chain(), ""); got != want {
		t.Errorf("mended: %s, want %s", got, want)
	}
}

// procedure is the statement of the engine that creates one.
func procedure(t *testing.T, name string) string {
	t.Helper()
	_, text, found := strings.Cut(enginedb.ProceduresSQL(), "CREATE FUNCTION public."+name+"(")
	text, _, ends := strings.Cut(text, "$body$;")
	if !found || !ends {
		t.Fatalf("the fixture has no %s", name)
	}
	return "CREATE FUNCTION public." + name + "(" + text + "$body$;"
}

func TestTheHashDoesNotDependOnWhoLooks(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	chain := newUpgrader(t, db.URL, nil).Chain()
	role := "coco_test_approver"
	run(t, conn, `CREATE ROLE `+role+` LOGIN IN ROLE postgres`)
	t.Cleanup(func() {
		if _, err := conn.Exec(context.WithoutCancel(t.Context()), `DROP OWNED BY `+role+`; DROP ROLE `+role); err != nil {
			t.Error(err)
		}
	})
	for _, phase := range []upgrade.Phase{"", upgrade.Switch, upgrade.Contract, upgrade.Retire} {
		if phase != "" {
			if _, err := newUpgrader(t, db.URL, nil).Up(t.Context(), upgrade.UpOptions{To: phase, Force: true}); err != nil {
				t.Fatal(err)
			}
		}
		want := hash(t, conn, chain, "")
		other := db.ConnectAs(t.Context(), role)
		run(t, other, `SET search_path = extra, pg_catalog, public; SET quote_all_identifiers = on; SET datestyle = 'SQL, DMY';
			SET intervalstyle = 'iso_8601'; SET timezone = 'Asia/Kolkata'; SET bytea_output = 'escape'; SET extra_float_digits = -10;
			SET standard_conforming_strings = off; SET escape_string_warning = off; SET array_nulls = off; SET row_security = off; SET enable_seqscan = off;
			CREATE TEMPORARY TABLE async_tasks (a integer)`)
		if got := hash(t, other, chain, ""); got != want {
			t.Errorf("%s: %s with other settings, as another role: %s", phase, got, want)
		}
		if err := other.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheHashIsTheSameOnAStandby(t *testing.T) {
	primary, err := ephemeral.Start(t.Context(), ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable)})
	if err != nil {
		t.Fatal(err)
	}
	stopLater(t, primary)
	run(t, open(t, primary), enginedb.FixtureSQL())
	standby, err := primary.Replica(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stopLater(t, standby)
	chain := newUpgrader(t, primary.URL("postgres"), nil).Chain()
	if got, want := hash(t, open(t, standby), chain, ""), hash(t, open(t, primary), chain, ""); got != want {
		t.Errorf("%s on the standby, %s on the primary", got, want)
	}
}

func TestARunThatIsInterruptedGoesOnWithTheSameHash(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	plain := newUpgrader(t, db.URL, nil)
	approved := hash(t, conn, plain.Chain(), upgrade.Contract)
	consent := approval.Consent(plain.Chain(), upgrade.Contract, approved)
	options := upgrade.UpOptions{To: upgrade.Contract, Batch: 10, Consent: consent, ReconnectBudget: -1}
	runs := 0
	for after := int64(40); ; after += 40 { // further each time: a run that looks around only comes to nothing
		cutter := cutconn.After(after)
		upgrader := newUpgrader(t, db.URL, nil, func(c *pgx.ConnConfig) { c.DialFunc = cutter.Wrap(c.DialFunc) })
		_, err := upgrader.Up(t.Context(), options)
		if runs++; err == nil {
			break
		}
		if !errors.Is(err, upgrade.ErrUnreachable) || runs > 100 {
			t.Fatalf("run %d: %v", runs, err)
		}
		if got := hash(t, conn, plain.Chain(), upgrade.Contract); got != approved {
			t.Errorf("run %d, cut after %d: %s, want %s", runs, after, got, approved)
		}
	}
	t.Logf("%d runs", runs)
	if runs < 4 {
		t.Errorf("it was done after %d runs", runs)
	}
}

func TestWhatIsChangedBetweenTwoReadsOfATransactionIsNotMixedIn(t *testing.T) {
	db := engine(t)
	conn, other := db.Connect(t.Context()), db.Connect(t.Context())
	chain := newUpgrader(t, db.URL, nil).Chain()
	between := func(sql string) *approval.Live {
		var live *approval.Live
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		err := pgx.BeginTxFunc(t.Context(), conn, options, func(tx pgx.Tx) error {
			c, err := catalog.Read(t.Context(), tx)
			if err != nil {
				return err
			}
			run(t, other, sql)
			live, err = approval.Complete(t.Context(), tx, c)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return live
	}
	before := read(t, conn)
	during := between(`CREATE RULE quiet AS ON DELETE TO job DO INSTEAD NOTHING;
		ALTER SEQUENCE extra.counter INCREMENT 5;
		ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO coco_test_exec;
		CREATE PUBLICATION news FOR TABLE job;
		ALTER TABLE extra.parent ALTER wide SET (n_distinct = 7);
		CREATE CAST (extra.pair AS text) WITH INOUT;
		COMMENT ON COLUMN async_tasks.task_parameters IS 'secret'`)
	for _, line := range approval.Differences(before, during) {
		t.Error(line)
	}
	if after := read(t, conn); len(approval.Differences(before, after)) < 7 {
		t.Errorf("the changes are not seen afterwards: %q", approval.Differences(before, after))
	}
	// Names are the server's of this moment, whatever the transaction sees: a mixture is approved by nobody.
	mixed := between(`ALTER SEQUENCE extra.counter RENAME TO counts`)
	after, err := approval.Of(read(t, conn), chain, "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := approval.Of(mixed, chain, ""); err != nil || got == after {
		t.Errorf("what was read in two states has the hash of the later one: %s, %v", got, err)
	}
}

func stopLater(t *testing.T, server *ephemeral.Server) {
	t.Helper()
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

func open(t *testing.T, server *ephemeral.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}
