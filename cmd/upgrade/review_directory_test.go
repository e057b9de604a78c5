package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

const (
	directoryPath  = "testdata/directory/migrations"
	proceduresPath = "testdata/directory/procedures"
)

// library is no engine's database: its first migration was applied by golang-migrate.
func library(t *testing.T) *testdb.DB {
	t.Helper()
	db := testdb.New(t, testdb.Options{})
	db.NeedPgDump(t)
	first, err := os.ReadFile(filepath.Join(directoryPath, "000001_books.up.sql"))
	if err != nil {
		t.Fatal(err)
	}
	execute(t, db, string(first)+`;
		CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
		INSERT INTO schema_migrations VALUES (1, false)`)
	t.Setenv("DATABASE_URL", db.URL)
	return db
}

func TestReviewOfADirectoryFindsItsFaultsAndLeavesTheDatabaseAsItWas(t *testing.T) {
	db := library(t)
	before, dump := servers(t), db.Dump(t)
	got := want(t, exitDrift, "review", "--format", "json", "--migrations", directoryPath, "--procedures", proceduresPath)
	var report review.Report
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		rule     string
		severity finding.Severity
		object   string
	}{
		{rule.RoutineFails, finding.MustFix, "titles_of"},
		{rule.AccessWidened, finding.MustFix, "lend"},
		{rule.IndexBlocking, finding.Decide, "000002_index.up.sql"},
		{rule.ForeignKeyValidated, finding.Decide, "000004_author.up.sql"},
		{rule.ColumnUncopied, finding.Decide, "000004_author.up.sql"},
	} {
		found := findings(report, want.rule)
		if len(found) != 1 || found[0].Severity != want.severity || found[0].Object.Name != want.object {
			t.Errorf("%s: %+v", want.rule, found)
		}
	}
	var steps []string
	for _, s := range report.Plan.Steps {
		steps = append(steps, s.Name)
		if s.Name == "title" && !slices.ContainsFunc(report.Notes, func(note string) bool { return strings.HasPrefix(note, "000003_title.up.sql ") }) {
			t.Errorf("nobody says that the locks of %s were looked at from outside: %q", s.Name, report.Notes)
		}
		if s.Name == "author" && (len(s.Locks) != 2 || s.Locks[0].String() != "book access exclusive") {
			t.Errorf("locks of %s: %v", s.Name, s.Locks)
		}
	}
	if !slices.Equal(steps, []string{"index", "title", "author", "books_sp.sql"}) || report.Plan.From != 1 || report.Plan.To != 4 {
		t.Errorf("steps %v, from %d to %d", steps, report.Plan.From, report.Plan.To)
	}
	for _, c := range report.Checks {
		if c.State == review.Skipped || slices.Contains([]string{"data", "upgrade", "releases"}, c.ID) {
			t.Errorf("%s %s: %s", c.State, c.ID, c.Summary)
		}
	}
	if report.Approval != "" || report.NoApproval == "" {
		t.Errorf("there is a hash to approve: %q", report.Approval)
	}
	if after := servers(t); !slices.Equal(before, after) {
		t.Errorf("left behind: %v, before %v", after, before)
	}
	if db.Dump(t) != dump {
		t.Error("the database was changed")
	}
}

func TestReviewOfADirectoryEndsWithWhatPipelinesActOn(t *testing.T) {
	db := library(t)
	want(t, exitDone, "review", "--migrations", "testdata/directory/clean").says(t, "nothing to fix, nothing to decide", "apply 2 readers", "does not apply")
	want(t, exitPending, "review", "--migrations", directoryPath, "--to", "2").says(t, "YOUR DECISION", "builds an index on book", "book share")
	want(t, exitDone, "review", "--migrations", directoryPath, "--to", "2", "--fail-on", "must-fix").says(t, "YOUR DECISION")
	want(t, exitDone, "review", "--migrations", directoryPath, "--to", "1").says(t, "nothing was run")

	want(t, exitUsage, "review", "--procedures", proceduresPath).isOneError(t, "goes together with --migrations", "behind")
	want(t, exitUsage, "review", "--migrations", directoryPath, "--to", "contract").isOneError(t, `--to cannot be "contract"`, "number")
	want(t, exitFailure, "review", "--migrations", directoryPath, "--to", "7").isOneError(t, "there is no version 7", "1 to 4")
	want(t, exitFailure, "review", "--migrations", "testdata/none").isOneError(t, "there is no such directory", "name")
	execute(t, db, `UPDATE schema_migrations SET version = 5`)
	want(t, exitFailure, "review", "--migrations", directoryPath).isOneError(t, "there is no version 5", "belongs to this database")
	execute(t, db, `UPDATE schema_migrations SET version = 2, dirty = true`)
	want(t, exitFailure, "review", "--migrations", directoryPath).isOneError(t, "is dirty: migration 2 broke off", "force")
}

func TestMigrationThatFailsOnTheCopyIsNamedWithItsLine(t *testing.T) {
	library(t)
	migrations := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(migrations, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("1_books.up.sql", "")
	write("2_wrong.up.sql", "SELECT 1;\nSELECT nothing FROM book;\n")
	want(t, exitDrift, "review", "--migrations", migrations).says(t, "2_wrong.up.sql, line 2", "column \"nothing\" does not exist")
	write("2_wrong.up.sql", "DO $$ BEGIN IF NOT EXISTS (SELECT FROM book) THEN RAISE 'no books'; END IF; END $$;\n")
	want(t, exitPending, "review", "--migrations", migrations).says(t, "which has no rows", "no books")
}
