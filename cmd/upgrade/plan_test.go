package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/sql"
)

var (
	planTimes = regexp.MustCompile(` *\b(\d+ms|[\d.]+s|\d+m\d\ds)\b`)
	planSizes = regexp.MustCompile(`\b[\d.]+ (bytes|kB|MB)\b`)
	planJSON  = regexp.MustCompile(`"(time|time_ns|estimate_ns|bytes|wal_bytes|space_bytes)": [^,\n]+`)
)

// maskedSQL takes out what is different on every machine, but for the time-out, and the files of migrations, having looked that they
// are there in full.
func maskedSQL(t *testing.T, text, direction string) string {
	t.Helper()
	for _, file := range migrationFiles(t, direction) {
		if strings.Count(text, file.text) != 1 {
			t.Errorf("%s is not in the script once, in full", file.name)
		}
		text = strings.Replace(text, file.text, "... "+file.name+" ...", 1)
	}
	text = strings.ReplaceAll(text, "at most 10ms", "at most TEN MILLISECONDS")
	text = planTimes.ReplaceAllString(text, "    TIME")
	text = planSizes.ReplaceAllString(text, "SIZE")
	return strings.ReplaceAll(text, "TEN MILLISECONDS", "10ms")
}

type migrationFile struct{ name, text string }

func migrationFiles(t *testing.T, direction string) []migrationFile {
	t.Helper()
	names, err := fs.Glob(sql.Schema, "schema/*."+direction+".sql")
	if err != nil || len(names) < 10 {
		t.Fatalf("%v, %v", names, err)
	}
	var files []migrationFile
	for _, name := range names {
		text, err := fs.ReadFile(sql.Schema, name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, migrationFile{strings.TrimPrefix(name, "schema/"), strings.TrimSpace(string(text))})
	}
	return files
}

func TestPlanIsAsItWasReviewed(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	db := engine(t)
	t.Chdir(here) // where the golden files are
	all := func(direction string, more ...string) {
		args := append([]string{"plan"}, more...)
		text := want(t, exitDone, args...)
		for line := range strings.Lines(text.stdout) {
			if n := len([]rune(line)) - 1; n > 120 {
				t.Errorf("a line of %d letters: %s", n, line)
			}
		}
		golden(t, "plan-"+direction+".golden", planTimes.ReplaceAllString(planSizes.ReplaceAllString(text.stdout, "SIZE"), "    TIME"))

		script := want(t, exitDone, append(args, "--sql")...)
		golden(t, "plan-"+direction+"-sql.golden", maskedSQL(t, script.stdout, direction))

		object := want(t, exitDone, append(args, "--json")...)
		golden(t, "plan-"+direction+"-json.golden", maskedJSON(t, object.stdout, direction))
		for line := range strings.Lines(text.stderr + script.stderr + object.stderr) {
			// What takes over a second, as it may on a busy machine, says so.
			if !strings.HasPrefix(line, "taking a sample: ") {
				t.Errorf("stderr: %s", line)
			}
		}
	}
	all("up")
	want(t, exitDone, "up")
	all("down", "--down")
	execute(t, db, `INSERT INTO command_entities (command_id, command_type) VALUES ('11111111-2222-3333-4444-555555555555', 7)`)
	want(t, exitDone, "plan", "--down").says(t, "1 command without a task would be lost: down needs --discard-commands")
}

// maskedJSON indents the object, with the names of files in place of their texts.
func maskedJSON(t *testing.T, line, direction string) string {
	t.Helper()
	for _, file := range migrationFiles(t, direction) {
		quoted, err := json.Marshal(file.text)
		if err != nil {
			t.Fatal(err)
		}
		body := strings.Trim(string(quoted), `"`)
		if strings.Count(line, body) != 1 {
			t.Errorf("%s is not in the object once, in full", file.name)
		}
		line = strings.Replace(line, body, "... "+file.name+" ...", 1)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(line), "", "  "); err != nil {
		t.Fatal(err)
	}
	return planJSON.ReplaceAllString(indented.String(), `"$1": MASKED`)
}

func TestPlanWithNothingToDoSaysSo(t *testing.T) {
	engine(t)
	want(t, exitDone, "plan", "--down").says(t, "nothing to do: the upgrade of this database has not begun")
	want(t, exitDone, "up", "--to", "prove")
	for _, args := range [][]string{{"--to", "prove"}, {"--to", "expand"}, {"--down", "--to", "prove"}, {"--down", "--to", "retire"}} {
		args = append([]string{"plan"}, args...)
		if got := want(t, exitDone, args...); got.stdout != "nothing to do: the database is at version 5 (prove)\n" {
			t.Errorf("%v: %s", args, got.stdout)
		}
		if got := want(t, exitDone, append(args, "--sql")...); got.stdout != "-- Nothing to do: the database is at version 5 (prove).\n" {
			t.Errorf("%v --sql: %s", args, got.stdout)
		}
		if plan := events(t, want(t, exitDone, append(args, "--json")...))[0]; len(plan["steps"].([]any)) != 0 || plan["from"] != 5.0 {
			t.Errorf("%v --json: %v", args, plan)
		}
	}
}

func TestPlanHasOneFormAtATime(t *testing.T) {
	clearEnvironment(t)
	got := want(t, exitUsage, "plan", "--sql", "--json")
	if all := events(t, got); len(all) != 1 || all[0]["kind"] != "usage" {
		t.Errorf("%v", all)
	}
	got.says(t, "upgrade: --sql and --json exclude one another")
}

// planned are number, kind and version of what plan --json lists, done of what a run reports.
func planned(t *testing.T, args ...string) []string {
	t.Helper()
	list := events(t, want(t, exitDone, append([]string{"plan", "--json"}, args...)...))
	if len(list) != 1 || list[0]["event"] != "plan" {
		t.Fatalf("not one event: %v", list)
	}
	var steps []string
	for _, step := range list[0]["steps"].([]any) {
		step := step.(map[string]any)
		steps = append(steps, fmt.Sprint(step["number"], " ", step["kind"], " ", step["version"], " ", step["summary"]))
	}
	return steps
}

func done(t *testing.T, event string, args ...string) []string {
	t.Helper()
	var steps []string
	for _, e := range events(t, want(t, exitDone, append(args, "--json")...)) {
		if e["event"] == event {
			steps = append(steps, fmt.Sprint(e["number"], " ", e["kind"], " ", e["version"], " ", e["summary"]))
		}
	}
	return steps
}

func TestRunsDoWhatPlanHasListedOneToOne(t *testing.T) {
	engine(t)
	same := func(plan, run []string) {
		t.Helper()
		if len(plan) == 0 || !slices.Equal(plan, run) {
			t.Errorf("planned %q\nrun     %q", plan, run)
		}
	}
	// In the middle of the switch an upgrade owes the wait behind the last step.
	for _, phase := range []string{"expand", "switch", "contract", "retire"} {
		same(planned(t, "--to", phase), done(t, "action_finished", "up", "--to", phase))
	}
	for _, phase := range []string{"contract", "prove", "expand"} {
		same(planned(t, "--down", "--to", phase), done(t, "action_started", "down", "--yes", "--to", phase))
	}
	same(planned(t), done(t, "action_started", "up"))
	same(planned(t, "--down"), done(t, "action_finished", "down", "--yes"))
}

func TestScriptOfThePlanIsComplete(t *testing.T) {
	state := func(db *testdb.DB) string {
		conn, err := pgx.Connect(t.Context(), db.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		var rows string
		const query = `SELECT concat_ws(' ', coalesce(md5(string_agg(t::text, ',' ORDER BY task_id)), 'none'), count(*)) FROM getallfromasync_tasks() t`
		if err := conn.QueryRow(t.Context(), query).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		return rows + db.Dump(t, "--schema-only", "--exclude-table=public.schema_migrations")
	}
	scripted := engine(t)
	before := state(scripted)
	play := func(args ...string) {
		script := want(t, exitDone, append([]string{"plan", "--sql"}, args...)...).stdout
		if err := os.WriteFile("plan.sql", []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(".", 0o755); err != nil {
			t.Fatal(err)
		}
		scripted.Psql(t, "plan.sql")
	}
	play()
	byScript := state(scripted)
	execute(t, scripted, `CREATE TABLE schema_migrations (version bigint not null primary key, dirty boolean not null);
		INSERT INTO schema_migrations VALUES (10, false)`)
	play("--down")
	if state(scripted) != before {
		t.Error("the script of the way down does not lead back")
	}
	byProgram := engine(t)
	want(t, exitDone, "up")
	if state(byProgram) != byScript {
		t.Error("the script leads to another database than the program")
	}
}

func TestSizesAreReadable(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 bytes", 999: "999 bytes", 1024: "1.0 kB", 1 << 20: "1.0 MB", 12 << 20: "12 MB", 3 << 40: "3.0 TB", 5000 << 40: "5000 TB",
	} {
		if got := size(bytes); got != want {
			t.Errorf("size(%d) = %q, want %q", bytes, got, want)
		}
	}
}
