package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestExitCodesTellWhereADatabaseStands(t *testing.T) {
	db := engine(t)
	before := db.Dump(t)

	alone(t, db)
	want(t, exitPending, "status").says(t, "none: the upgrade has not begun", "10 steps, next is 1 (expand)", "nobody else")
	want(t, exitPending, "verify").says(t, "there is nothing to verify")
	want(t, exitDone, "down", "--yes").says(t, "nothing to do")

	want(t, exitDone, "up", "--to", "backfill").says(t, "applied      4  backfill  keys", "at version 4 (backfill)", "6 steps left")
	want(t, exitPending, "verify").says(t, "nothing has been proved yet")
	want(t, exitDone, "up", "--to", "contract").says(t, "proved: 246 tasks", "at version 9 (contract)", "1 step left")
	want(t, exitDone, "up", "--to", "contract").says(t, "nothing to do: the database is at version 9 (contract)")
	want(t, exitDone, "up", "--to", "expand").says(t, "nothing to do: the database is at version 9 (contract)")
	want(t, exitPending, "status").says(t, "1 step, next is 10 (retire)", "246 tasks", "postgres", "upgrade "+toolVersion())
	want(t, exitDone, "verify").says(t, "values", "holds", "proof of ")

	other := db.Connect(t.Context())
	got := want(t, exitPending, "up")
	got.says(t, "upgrade: 000010_retire (up): ", "other connections to the database are open", "hint: Stop the engine", "--to retire --force")
	if strings.Contains(got.stderr, "Usage:") {
		t.Errorf("usage after a runtime error:\n%s", got.stderr)
	}
	want(t, exitPending, "status").says(t, "other client")
	want(t, exitDone, "up", "--to", "retire", "--force").says(t, "at version 10 (retire)")
	want(t, exitDone, "down", "--yes", "--to", "contract").says(t, "warning: others are connected")
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	alone(t, db)
	want(t, exitDone, "up").says(t, "1 step applied")
	want(t, exitDone, "status").says(t, "pending        nothing")
	want(t, exitDone, "up").says(t, "nothing to do")
	want(t, exitDone, "verify")

	want(t, exitUsage, "down").says(t, "nobody can be asked here", "10 steps of ", "about 246 tasks", "--yes")
	want(t, exitDone, "down", "--to", "prove", "--yes").says(t, "taken back  10", "at version 5 (prove)")
	want(t, exitDone, "down", "--to", "prove", "--yes").says(t, "nothing to do: the database is at version 5 (prove)")
	if files := written(t); len(files) > 0 {
		t.Errorf("files were written although the journal is still there: %v", files)
	}
	want(t, exitDone, "down", "--yes").says(t, "nothing of coco is left in the database", "journal written to coco-journal-")
	if db.Dump(t) != before {
		t.Error("the dump is not what it was")
	}
	want(t, exitPending, "status")
	journalFileIsWhole(t)
}

func TestDownTellsAScriptWhereItsFilesAre(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up")
	execute(t, db, `SELECT InsertCommandEntity('1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b', 32, '1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b', '1dc3f14d-5c8e-4d27-a1ee-11a53a7e9f8b', '{}', 'RunVmParams', now(), 'ACTIVE')`)
	alone(t, db)
	var named []string
	for _, event := range events(t, want(t, exitDone, "down", "--yes", "--discard-commands", "--json")) {
		if file, ok := event["file"].(string); ok {
			named = append(named, file)
		}
	}
	files := written(t)
	slices.Sort(named)
	slices.Sort(files)
	if len(files) != 2 || !slices.Equal(named, files) {
		t.Errorf("named %q, written %q", named, files)
	}
}

func journalFileIsWhole(t *testing.T) {
	t.Helper()
	files := written(t)
	if len(files) != 1 || !strings.HasPrefix(files[0], "coco-journal-test_") {
		t.Fatalf("files: %v, want the journal", files)
	}
	info, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, want 600", info.Mode().Perm())
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(text)) {
		var row struct {
			Version int    `json:"version"`
			SHA256  string `json:"sha256"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil || row.Version == 0 || len(row.SHA256) != 64 {
			t.Errorf("a journal row that is none: %v: %s", err, line)
		}
		rows++
	}
	if rows < 18 { // ten up, ten down but the last two, and what was repeated
		t.Errorf("%d rows in the journal", rows)
	}
}

// written returns the files in the working directory.
func written(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestJSONIsOneEventALine(t *testing.T) {
	db := engine(t)
	names := func(args ...string) map[string]int {
		t.Helper()
		count := map[string]int{}
		for _, event := range events(t, command(t, append(args, "--json")...)) {
			count[event["event"].(string)]++
		}
		return count
	}
	wantEvents := func(got map[string]int, events ...string) {
		t.Helper()
		for _, event := range events {
			if got[event] == 0 {
				t.Errorf("no event %q among %v", event, got)
			}
		}
	}
	wantEvents(names("status"), "status")
	wantEvents(names("verify"), "error")
	up := names("up")
	wantEvents(up, "batch_done", "caught_up", "proof_written", "result")
	if up["step_started"] != 10 || up["step_finished"] != 10 {
		t.Errorf("events of steps: %v", up)
	}
	wantEvents(names("verify"), "result")
	wantEvents(names("down"), "plan", "error")
	wantEvents(names("version"), "version")

	alone(t, db)
	conn := db.Connect(t.Context())
	status := events(t, want(t, exitDone, "status", "--json"))[0]
	if status["version"] != 10.0 || status["pending"] != 0.0 || len(status["clients"].([]any)) != 1 {
		t.Errorf("status: %v", status)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantEvents(names("down", "--yes", "--export-journal", "journal.jsonl"), "plan", "step_finished", "result")
	if files := written(t); len(files) != 1 || files[0] != "journal.jsonl" {
		t.Errorf("files: %v", files)
	}
}

func TestQuietSaysNothingAndVerboseSaysMore(t *testing.T) {
	engine(t)
	if got := want(t, exitDone, "up", "--quiet"); got.stdout+got.stderr != "" {
		t.Errorf("quiet up says:\n%s%s", got.stdout, got.stderr)
	}
	if got := want(t, exitDone, "status", "-q"); got.stdout+got.stderr != "" {
		t.Errorf("quiet status says:\n%s%s", got.stdout, got.stderr)
	}
	want(t, exitDone, "down", "--yes", "-v").says(t, "step 1 of 10: 000010_retire down, sha256 ")
	want(t, exitDone, "up", "--verbose").says(t, "backfill, choose", "before prove: 0 changes")
}

func TestInterruptedRunSaysHowToGoOn(t *testing.T) {
	engine(t)
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	started := time.Now()
	got := commandIn(ctx, t, "", "up", "--batch", "1", "--pause", "1m")
	got.wantCode(t, exitFailure, "up")
	got.says(t, "upgrade: ", "stopped", "hint: Run the same command again: it goes on", "That was: upgrade up")
	if waited := time.Since(started); waited > 10*time.Second {
		t.Errorf("it took %s to stop", waited)
	}
	want(t, exitDone, "up").says(t, "at version 10 (retire)")
	want(t, exitDone, "verify")
}

func TestEngineConfNamesTheDatabase(t *testing.T) {
	db := engine(t)
	t.Setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
	conf := strings.Join([]string{
		`ENGINE_DB_HOST="` + db.Server.Socket() + `"`, `ENGINE_DB_PORT="5432"`, `ENGINE_DB_USER="postgres"`,
		`ENGINE_DB_PASSWORD="` + canaryPassword + `"`, `ENGINE_DB_DATABASE="` + db.Name + `"`,
		`ENGINE_DB_SECURED="False"`, `ENGINE_DB_SECURED_VALIDATION="False"`, "",
	}, "\n")
	if err := os.WriteFile("engine.conf", []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, exitPending, "status", "--engine-conf", "engine.conf").says(t, db.Name)
}
