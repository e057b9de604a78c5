package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// reviewedAs runs the command with JSON, and returns what it found.
func reviewedAs(t *testing.T, code int, args ...string) review.Report {
	t.Helper()
	got := want(t, code, append([]string{"review", "--to", "expand", "--format", "json"}, args...)...)
	var report review.Report
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// state is how a check came out, with its details.
func state(t *testing.T, report review.Report, id string) (review.State, string) {
	t.Helper()
	i := slices.IndexFunc(report.Checks, func(c review.Check) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("there is no check %s: %+v", id, report.Checks)
	}
	return report.Checks[i].State, report.Checks[i].Summary + "\n" + strings.Join(report.Checks[i].Detail, "\n")
}

func findings(report review.Report, of string) (list []finding.Finding) {
	return slices.DeleteFunc(slices.Clone(report.Findings), func(f finding.Finding) bool { return f.Rule != of })
}

func TestReviewOfADatabaseThatIsNotToBeReachedSaysWhy(t *testing.T) {
	server := ownServer(t, ephemeral.Options{TCP: true, BinDir: os.Getenv(testdb.BinDirVariable)})
	clearEnvironment(t)
	for _, test := range []struct{ url, reason, hint string }{
		{"postgres://nobody@127.0.0.1:1/engine", "nothing answers there (connection refused)", "Check host and port"},
		{"postgres://nobody@localhost/engine?host=" + t.TempDir(), "there is no such socket", "unix_socket_directories"},
		{strings.Replace(server.TCPURL(ephemeral.Superuser, "postgres"), server.Password(), "wrong", 1), "password authentication failed", "Correct the password"},
		{server.URL("nothing"), `database "nothing" does not exist`, "psql --list"},
	} {
		want(t, exitFailure, "review", "--database", test.url).isOneError(t, test.reason, test.hint)
		want(t, exitFailure, "review", "--json", "--database", test.url).isOneError(t, test.reason, test.hint)
	}
}

func TestReviewRefusesAServerForTheCopyThatIsNotToBeUsed(t *testing.T) {
	db := engine(t)
	execute(t, db, `CREATE ROLE coco_test_plain LOGIN`)
	defer execute(t, db, `DROP ROLE coco_test_plain`)
	other := ownServer(t, ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable)})
	for _, test := range []struct{ url, reason, hint string }{
		{db.Server.URL("postgres"), "the scratch server is the database's own", "Name another server with --scratch, or none"},
		{db.Server.URLFor("coco_test_plain", "postgres"), "the scratch server is the database's own", "Name another server"},
		{"postgres://nobody@127.0.0.1:1/postgres", "cannot connect to database \"postgres\" as \"nobody\" at 127.0.0.1:1: nothing answers there", "Check host and port"},
		{other.URL("nothing"), `database "nothing" does not exist`, "psql --list"},
	} {
		want(t, exitFailure, "review", "--scratch", test.url).isOneError(t, test.reason, test.hint)
	}
}

// What needs no copy is said; that the rest is not known is somebody's decision, so a pipeline does not take it for a pass.
func TestReviewWithoutAServerForTheCopySaysWhatItCouldAndLeavesTheRestToADecision(t *testing.T) {
	db := engine(t)
	execute(t, db, `CREATE OR REPLACE FUNCTION deleteasync_tasks(v_task_id uuid) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 7; END'`)
	t.Setenv("PGBIN", t.TempDir())
	want(t, exitPending, "review").says(t, "YOUR DECISION", "NOT CHECKED", "--scratch URL", "apt-get install postgresql")
	want(t, exitDone, "review", "--fail-on", "must-fix").says(t, "YOUR DECISION")
	report := reviewedAs(t, exitPending)
	if f := findings(report, rule.PlanNotRun); len(f) != 1 || f[0].Severity != finding.Decide || f[0].Object.Name != db.Name {
		t.Errorf("%+v", f)
	}
	if f := findings(report, rule.LocalEdit); len(f) != 1 || f[0].Object.Name != "deleteasync_tasks" || strings.Contains(f[0].Summary, "replaces it: ") {
		t.Errorf("what is not known of the edited procedure is claimed: %+v", f)
	}
	if report.Data.Tasks == 0 || report.Data.Archived == 0 || report.Database.Routines == 0 {
		t.Errorf("database %+v, data %+v", report.Database, report.Data)
	}
	for _, id := range []string{"procedures", "access", "attributes", "overloads", "results", "objects", "locks"} {
		if state, text := state(t, report, id); state != review.Skipped || !strings.Contains(text, "not checked") {
			t.Errorf("%s: %s %s", id, state, text)
		}
	}
}

func TestReviewByARoleWithoutRightsNamesTheGrants(t *testing.T) {
	db := engine(t)
	execute(t, db, `CREATE ROLE "coco test ""blind""" LOGIN`)
	defer execute(t, db, `DROP OWNED BY "coco test ""blind"""; DROP ROLE "coco test ""blind"""`)
	blind := db.URLFor(`coco test "blind"`)
	report := reviewedAs(t, exitDrift, "--database", blind)
	if state, text := state(t, report, "data"); state != review.Skipped ||
		!strings.Contains(text, "not counted") || !strings.Contains(text, `GRANT SELECT ON public.async_tasks TO "coco test ""blind"""`) {
		t.Errorf("%s %s", state, text)
	}
	if f := findings(report, rule.UpgradeRefused); !strings.Contains(evidenceOf(f), `GRANT SELECT ON public.schema_version TO "coco test ""blind"""`) {
		t.Errorf("%+v", f)
	}
	for _, table := range []string{"pg_proc", "pg_description"} {
		execute(t, db, `REVOKE SELECT ON pg_catalog.`+table+` FROM PUBLIC`)
		got := want(t, exitFailure, "review", "--database", blind)
		got.isOneError(t, "may not read pg_catalog."+table, `GRANT SELECT ON pg_catalog.`+table+` TO "coco test ""blind"""`)
		execute(t, db, `GRANT SELECT ON pg_catalog.`+table+` TO PUBLIC`)
	}
}

func evidenceOf(list []finding.Finding) string {
	var lines []string
	for _, f := range list {
		lines = append(lines, f.Evidence...)
	}
	return strings.Join(lines, "\n")
}

func TestReviewOfAnEmptyDatabaseIsThatOfAFreshInstallation(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	clearEnvironment(t)
	report := reviewedAs(t, exitDone, "--database", db.URL)
	if len(report.Plan.Steps) == 0 || report.Plan.Tasks != 0 || report.Verdict.MustFix+report.Verdict.Decide > 0 {
		t.Errorf("plan %+v, findings %+v", report.Plan, report.Findings)
	}
	if state, text := state(t, report, "data"); state != review.Skipped || !strings.Contains(text, "no table async_tasks") {
		t.Errorf("%s %s", state, text)
	}
}

func TestReviewOfADatabaseThatIsNoEnginesSaysSo(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	clearEnvironment(t)
	execute(t, db, `CREATE TABLE customer (id integer PRIMARY KEY)`)
	report := reviewedAs(t, exitDrift, "--database", db.URL)
	if f := findings(report, rule.UpgradeRefused); len(f) == 0 {
		t.Errorf("%+v", report.Findings)
	}
}

// Nobody looks into what is written in a language that is not known, and what has no body that anybody understands fails when it is called.
func TestReviewSaysWhichProceduresItCannotCheckAndWhichHaveNoBody(t *testing.T) {
	db := engine(t)
	execute(t, db, `CREATE FUNCTION odd_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
		CREATE LANGUAGE odd HANDLER odd_handler;
		CREATE FUNCTION strange() RETURNS integer LANGUAGE odd AS 'BEGIN RETURN 1; END';
		CREATE FUNCTION plus(integer, integer) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'int4pl';
		SET check_function_bodies = off;
		CREATE FUNCTION garbage() RETURNS integer LANGUAGE plpgsql AS 'this is no body';
		CREATE FUNCTION nonsense() RETURNS integer LANGUAGE sql AS 'SELECT FROM WHERE'`)
	report := reviewedAs(t, exitDone)
	_, text := state(t, report, "procedures")
	for _, name := range []string{"strange", "plus"} {
		if !strings.Contains(text, name) || !strings.Contains(text, "cannot be checked") {
			t.Errorf("%s is not said to be unchecked: %s", name, text)
		}
	}
	earlier := map[string]string{}
	for _, f := range report.Earlier {
		earlier[f.Object.Name] += f.Rule + ": " + f.Summary + "\n"
	}
	for _, name := range []string{"garbage", "nonsense"} {
		if !strings.Contains(earlier[name], rule.RoutineFails) {
			t.Errorf("%s is not said to have been broken before: %v", name, earlier)
		}
	}
}

// hostile is a name of at most 63 bytes, as long as PostgreSQL takes one.
var hostile = []string{
	`"><script>alert(1)</script>`, "two\nlines\tand \r one", `quotes '"` + "` $$ \\", "right\u202eto left \u2066", strings.Repeat("ü", 31) + "x",
	"</details>|[x](javascript:y)", "\x1b[31mred", "a;b--c/*d",
}

func TestReviewShowsHostileNamesHarmlessly(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	quote := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	for _, name := range hostile {
		role := "coco_test_" + name
		if len(role) > 63 {
			role = role[:63]
		}
		role = strings.ToValidUTF8(role, "")
		for _, sql := range []string{
			`CREATE FUNCTION ` + quote(name) + `() RETURNS bigint LANGUAGE plpgsql AS $body$ BEGIN RETURN (SELECT count(` + quote(name) + `) FROM nowhere); END $body$`,
			`COMMENT ON FUNCTION ` + quote(name) + `() IS '` + strings.ReplaceAll(name, "'", "''") + `'`,
			`CREATE TABLE ` + quote(name) + ` (` + quote(name) + ` integer)`,
			`CREATE ROLE ` + quote(role), `GRANT EXECUTE ON FUNCTION ` + quote(name) + `() TO ` + quote(role),
		} {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
		}
		defer execute(t, db, `DROP OWNED BY `+quote(role)+`; DROP ROLE `+quote(role))
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	directory := filepath.Join(t.TempDir(), "a <b> & 'c'")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, format := range reviewFormats {
		file := filepath.Join(directory, "review."+format)
		want(t, exitDone, "review", "--to", "expand", "--format", format, "--output", file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, never := range []string{"\x1b", "\u202e", "\u2066", "\r"} {
			if strings.Contains(string(text), never) {
				t.Errorf("%s holds %q", format, never)
			}
		}
		if (format == "html" || format == "markdown") && strings.Contains(string(text), "<script>alert") {
			t.Errorf("%s holds a script", format)
		}
		if format == "json" && !json.Valid(text) {
			t.Error("it is no JSON")
		}
		if !strings.Contains(string(text), "alert") {
			t.Errorf("%s does not name what is broken", format)
		}
	}
}
