package upgrade_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

const journalSQL = `-- coco:phase expand
CREATE SCHEMA coco;
CREATE TABLE coco.journal (
	id bigserial PRIMARY KEY, version bigint NOT NULL, direction text NOT NULL, name text NOT NULL, sha256 text NOT NULL,
	lineage text NOT NULL, started_at timestamptz NOT NULL, duration interval NOT NULL, tool_version text NOT NULL,
	applied_by text NOT NULL DEFAULT session_user, client text, applied_at timestamptz NOT NULL DEFAULT clock_timestamp());
`

// toy is a chain of three versions; the second brings the journal.
func toy() fstest.MapFS {
	files := with(chainOf("expand a", "expand b", "expand c"), "000002_b.up.sql", journalSQL)
	return with(files, "000002_b.down.sql", `DROP SCHEMA coco CASCADE`)
}

// migrations lets an upgrader work with other files than the program's.
func migrations(files fstest.MapFS) func(*upgrade.Options) {
	return func(o *upgrade.Options) { o.Migrations = files }
}

func TestMigrationsThatAreNotThoseAppliedAreRefused(t *testing.T) {
	edited := with(toy(), "000001_a.up.sql", "-- coco:phase expand\nSELECT 2;\n")
	renamed := with(without(without(toy(), "000001_a.up.sql"), "000001_a.down.sql"), "000001_x.up.sql", "-- coco:phase expand\nSELECT 1;\n")
	renamed = with(renamed, "000001_x.down.sql", "SELECT 1;\n")
	older := without(without(toy(), "000003_c.up.sql"), "000003_c.down.sql")
	gap := with(with(older, "000004_d.up.sql", "-- coco:phase expand"), "000004_d.down.sql", "SELECT 1")
	behind := without(without(toy(), "000001_a.up.sql"), "000001_a.down.sql")

	for name, test := range map[string]struct {
		files fstest.MapFS
		kind  error
		names string
	}{
		"a file was edited":                    {edited, upgrade.ErrEdited, "000001_a"},
		"a file has another name":              {renamed, upgrade.ErrOutOfOrder, "000001_x"},
		"the database is newer":                {older, upgrade.ErrNewerSchema, "version 3"},
		"the database's version is not known":  {gap, upgrade.ErrOutOfOrder, "version 3"},
		"a version before the last is missing": {behind, upgrade.ErrOutOfOrder, "000001_a"},
	} {
		t.Run(name, func(t *testing.T) {
			db := testdb.New(t, testdb.Options{})
			first, _ := newUpgrader(t, db.URL, migrations(toy()))
			if _, err := first.Up(t.Context(), upgrade.UpOptions{}); err != nil {
				t.Fatal(err)
			}
			second, events := newUpgrader(t, db.URL, migrations(test.files))
			status, err := second.Status(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, up := second.Up(t.Context(), upgrade.UpOptions{})
			_, down := second.Down(t.Context(), upgrade.DownOptions{})
			_, verify := second.Verify(t.Context(), upgrade.VerifyOptions{})
			_, plan := second.PlanUp(t.Context(), "")
			for call, err := range map[string]error{
				"Status": status.Problem, "Up": up, "Down": down, "Verify": verify, "PlanUp": plan,
			} {
				if !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.names) {
					t.Errorf("%s: %v, want %v naming %s", call, err, test.kind, test.names)
				}
			}
			if len(*events) > 0 {
				t.Errorf("something was done: %v", *events)
			}
		})
	}
}

func TestForcedDownTakesEditedMigrationsBack(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	before := db.Dump(t)
	first, _ := newUpgrader(t, db.URL, migrations(toy()))
	if _, err := first.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	second, _ := newUpgrader(t, db.URL, migrations(with(toy(), "000003_c.up.sql", "-- coco:phase expand\nSELECT 2;")))
	result, err := second.Down(t.Context(), upgrade.DownOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if result.From != 3 || result.To != 0 || len(result.Applied) != 3 || db.Dump(t) != before {
		t.Errorf("not everything was taken back: %+v", result)
	}
}

func TestDirtyMarkIsExplained(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	exec(t, db, `CREATE TABLE public.schema_migrations (version bigint not null primary key, dirty boolean not null);
		INSERT INTO public.schema_migrations VALUES (3, true)`)
	upgrader, _ := newUpgrader(t, db.URL, migrations(toy()))
	status, err := upgrader.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, up := upgrader.Up(t.Context(), upgrade.UpOptions{})
	for _, err := range []error{status.Problem, up} {
		var detailed *upgrade.Error
		if !errors.Is(err, upgrade.ErrDirty) || !errors.As(err, &detailed) {
			t.Fatalf("got %v, want ErrDirty", err)
		}
		if !strings.Contains(detailed.Reason, "version 3") || !strings.Contains(detailed.Hint, "migrate force") {
			t.Errorf("it does not say what to do: %v", err)
		}
	}
}

func TestMigrationsAppliedByTheStockProgramNeedNoJournal(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	first, _ := newUpgrader(t, db.URL, migrations(toy()))
	if _, err := first.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	exec(t, db, `DELETE FROM coco.journal WHERE version IN (1, 3)`)
	status, err := first.Status(t.Context())
	if err != nil || status.Problem != nil || status.Pending != 0 {
		t.Fatalf("%+v, %v", status, err)
	}
	for i, known := range []bool{false, true, false} {
		if step := status.Steps[i]; step.State != upgrade.StepApplied || (step.Journal != nil) != known {
			t.Errorf("version %d: %+v", i+1, step)
		}
	}
}

func TestJournalThatWentDownAndUpCountsOnce(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	first, _ := newUpgrader(t, db.URL, migrations(toy()))
	for range 2 {
		if _, err := first.Up(t.Context(), upgrade.UpOptions{}); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `INSERT INTO coco.journal (version, direction, name, sha256, lineage, started_at, duration, tool_version)
				VALUES (3, 'down', 'c', '', '', now(), '0', 'test'); UPDATE public.schema_migrations SET version = 2`)
	}
	// What was taken back may have been another file.
	second, _ := newUpgrader(t, db.URL, migrations(with(toy(), "000003_c.up.sql", "-- coco:phase expand\nSELECT 2;")))
	if _, err := second.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Error(err)
	}
}
