package rehearse_test

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/rehearse"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// engine is a database as an engine leaves it after years, with the sample of tasks.
func engine(t *testing.T) *testdb.DB {
	t.Helper()
	db := testdb.New(t, testdb.Options{Template: engineTemplate()})
	db.NeedPgDump(t) // it copies the schema
	return db
}

func engineTemplate() testdb.Template {
	return testdb.Template{
		Name: "engine", Hash: testdb.Hash(enginedb.FixtureSQL(), enginedb.DecorateSQL(), enginedb.Sample()),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			return errors.Join(enginedb.Load(ctx, conn), enginedb.Decorate(ctx, conn), enginedb.LoadSample(ctx, conn))
		},
	}
}

func config(t *testing.T, url string) *pgx.ConnConfig {
	t.Helper()
	config, err := connect.Config(connect.Options{Database: url})
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func up(t *testing.T, db *testdb.DB, to upgrade.Phase) {
	t.Helper()
	upgrader, err := upgrade.New(upgrade.Options{Config: config(t, db.URL)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: to, Force: to == upgrade.Retire}); err != nil {
		t.Fatal(err)
	}
}

// one returns the step that runs a migration.
func one(t *testing.T, result rehearse.Result, kind upgrade.Kind, name string) rehearse.Step {
	t.Helper()
	i := slices.IndexFunc(result.Steps, func(s rehearse.Step) bool { return s.Kind == kind && s.Name == name })
	if i < 0 {
		t.Fatalf("no step %s %s in %v", kind, name, result.Steps)
	}
	return result.Steps[i]
}

func locks(step rehearse.Step) string {
	var texts []string
	for _, lock := range step.Locks {
		texts = append(texts, lock.String())
	}
	return strings.Join(texts, ", ")
}

func TestRehearsalSeesTheLocksAndTimesOfTheWholePlanAndLeavesTheDatabaseAlone(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)
	var tasks, texts, columns int
	var left bool
	result, err := rehearse.Run(t.Context(), rehearse.Options{
		Config: config(t, db.URL), Tasks: 500,
		Before: func(ctx context.Context, conn *pgx.Conn) error {
			return conn.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE action_parameters ~ 's3cr|password') FROM async_tasks`).
				Scan(&tasks, &texts)
		},
		After: func(ctx context.Context, conn *pgx.Conn) error {
			return conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM information_schema.columns WHERE table_name = 'async_tasks'),
				(SELECT retired FROM coco.state)`).Scan(&columns, &left)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if tasks != 500 || texts != 0 || columns != 10 || !left {
		t.Errorf("the copy had %d tasks, %d with texts of the database, and in the end %d columns, retired: %t", tasks, texts, columns, left)
	}
	if db.Dump(t) != before {
		t.Error("the database was changed")
	}
	if result.From != 0 || result.To != 10 || result.Tasks != 500 || result.Scratch == "" || len(result.Notes) > 0 {
		t.Errorf("result: %+v", result)
	}
	for _, want := range []struct{ name, locks string }{
		{"engine_tables", ""},
		{"expand", "async_tasks share row exclusive"},
		{"contract", "async_tasks access exclusive, schema_version row exclusive"},
		{"retire", "async_tasks share row exclusive, schema_version access share"},
	} {
		step := one(t, result, upgrade.KindApply, want.name)
		if got := locks(step); got != want.locks {
			t.Errorf("%s took %q, want %q", want.name, got, want.locks)
		}
		for _, lock := range step.Locks {
			if !lock.Declared || lock.Held <= 0 || lock.Held > step.Time+time.Second {
				t.Errorf("%s: %+v, and the step took %s", want.name, lock, step.Time)
			}
		}
	}
	if backfill := one(t, result, upgrade.KindBackfill, "backfill"); locks(backfill) != "async_tasks access share" || backfill.Transactions < 2 {
		t.Errorf("backfill: %+v", backfill)
	}
}

func TestRehearsalFromTheMiddleGoesTheSameWay(t *testing.T) {
	for _, at := range []struct {
		phase upgrade.Phase
		downs []bool
	}{{upgrade.Prove, []bool{false}}, {upgrade.Switch, []bool{true}}} {
		t.Run(string(at.phase), func(t *testing.T) {
			db := engine(t)
			up(t, db, at.phase)
			upgrader, err := upgrade.New(upgrade.Options{Config: config(t, db.URL)})
			if err != nil {
				t.Fatal(err)
			}
			for _, down := range at.downs {
				ask := upgrader.PlanUp
				if down {
					ask = upgrader.PlanDown
				}
				plan, err := ask(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				result, err := rehearse.Run(t.Context(), rehearse.Options{Config: config(t, db.URL), Tasks: 50, Down: down})
				if err != nil {
					t.Fatal(err)
				}
				var want, got []string
				for _, a := range plan.Steps {
					want = append(want, string(a.Kind)+" "+a.Name)
				}
				for _, s := range result.Steps {
					got = append(got, string(s.Kind)+" "+s.Name)
				}
				if !slices.Equal(got, want) || len(got) == 0 {
					t.Errorf("rehearsed %v, want %v", got, want)
				}
				if result.From != plan.From || result.To != plan.To || len(result.Notes) == 0 {
					t.Errorf("result: %+v", result)
				}
			}
		})
	}
}

// lying are the migrations, one of which declares a weaker lock than it takes, and another one none.
func lying(t *testing.T) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(sql.Schema, "schema/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(sql.Schema, name)
		if err != nil {
			t.Fatal(err)
		}
		data := string(text)
		if strings.Contains(name, "000002_expand.up") {
			data = strings.Replace(data, "async_tasks SHARE ROW EXCLUSIVE", "async_tasks ROW EXCLUSIVE", 1)
		}
		files[filepath.Base(name)] = &fstest.MapFile{Data: []byte(strings.Replace(data, "-- coco:lock schema_version ROW EXCLUSIVE\n", "", 1))}
	}
	return files
}

func TestLockThatThePlanDoesNotDeclareIsAnError(t *testing.T) {
	db := engine(t)
	result, err := rehearse.Run(t.Context(), rehearse.Options{Config: config(t, db.URL), Tasks: 50, Migrations: lying(t), To: upgrade.Contract})
	if !errors.Is(err, rehearse.ErrUndeclared) || !strings.Contains(err.Error(), "(apply expand) takes a lock that the plan does not declare: "+
		"async_tasks share row exclusive") {
		t.Errorf("got %v, want ErrUndeclared", err)
	}
	undeclared := map[string]string{}
	for _, step := range result.Steps {
		for _, lock := range step.Locks {
			if !lock.Declared {
				undeclared[step.Name] += lock.String()
			}
		}
	}
	want := map[string]string{"expand": "async_tasks share row exclusive", "contract": "schema_version row exclusive"}
	if !maps.Equal(undeclared, want) {
		t.Errorf("undeclared: %v, want %v", undeclared, want)
	}
}

func TestCopyOnAnotherServerIsDroppedWithItsRolesWhateverHappens(t *testing.T) {
	db := engine(t)
	other, err := ephemeral.Start(t.Context(), ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Stop(context.Background()) })
	clean := func() {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), other.URL("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(t.Context()) }()
		var left []string
		if err := conn.QueryRow(t.Context(), `SELECT ARRAY(SELECT datname::text FROM pg_database WHERE datname LIKE 'coco%'
			UNION ALL SELECT rolname::text FROM pg_roles WHERE rolname !~ '^pg_' AND oid <> 10)`).Scan(&left); err != nil || len(left) > 0 {
			t.Errorf("left on the server: %v, %v", left, err)
		}
	}
	options := rehearse.Options{Config: config(t, db.URL), Scratch: config(t, other.URL("postgres")), Tasks: 50, To: upgrade.Expand}
	roles := 0
	options.After = func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, `SELECT count(*) FROM pg_roles WHERE rolname = ANY ($1) AND NOT rolcanlogin`,
			[]string{enginedb.ExecRole, enginedb.WriterRole, enginedb.ReaderRole}).Scan(&roles)
	}
	if result, err := rehearse.Run(t.Context(), options); err != nil || len(result.Steps) != 2 {
		t.Errorf("%+v, %v", result, err)
	}
	if roles != 3 {
		t.Errorf("%d of the roles that the schema names were there", roles)
	}
	clean()

	ctx, cancel := context.WithCancel(t.Context())
	options.Before = func(context.Context, *pgx.Conn) error { cancel(); return nil }
	if _, err := rehearse.Run(ctx, options); !errors.Is(err, upgrade.ErrInterrupted) {
		t.Errorf("interrupted: %v", err)
	}
	clean()
}

func TestServerOfTheDatabaseItselfIsRefused(t *testing.T) {
	db := engine(t)
	_, err := rehearse.Run(t.Context(), rehearse.Options{Config: config(t, db.URL), Scratch: config(t, db.Server.URL("postgres"))})
	if !errors.Is(err, upgrade.ErrRefused) || !strings.Contains(err.Error(), "the database's own") {
		t.Errorf("got %v", err)
	}
}

func TestWithoutServerProgramsItSaysHowToGetThem(t *testing.T) {
	db := engine(t)
	t.Setenv("PGBIN", t.TempDir())
	_, err := rehearse.Run(t.Context(), rehearse.Options{Config: config(t, db.URL)})
	if err == nil || !strings.Contains(err.Error(), "--scratch URL") || !strings.Contains(err.Error(), "upgrade plan") {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsCopiedWhereNothingIsToDo(t *testing.T) {
	db := engine(t)
	t.Setenv("PGBIN", t.TempDir()) // no server could be started
	result, err := rehearse.Run(t.Context(), rehearse.Options{Config: config(t, db.URL), Down: true})
	if err != nil || len(result.Steps) > 0 {
		t.Errorf("%+v, %v", result, err)
	}
}

func TestRehearsalIsDoneWithinItsTime(t *testing.T) {
	db := engine(t)
	started := time.Now()
	_, err := rehearse.Run(t.Context(), rehearse.Options{
		Config: config(t, db.URL), TimeLimit: 2 * time.Second,
		Before: func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, `SELECT pg_sleep(60)`)
			return err
		},
	})
	if err == nil || !strings.Contains(err.Error(), "not done after 2s") || time.Since(started) > 30*time.Second {
		t.Errorf("after %s: %v", time.Since(started), err)
	}
}
