package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
)

// canaryTime is a time that PostgreSQL cannot read.
const canaryTime = "canary-time-77d0"

const commandRows = `SELECT e::text FROM command_entities e ORDER BY command_id`

// rows returns the first column of a query.
func rows(t *testing.T, db *testdb.DB, sql string) []string {
	t.Helper()
	conn := db.Connect(t.Context())
	defer func() { _ = conn.Close(t.Context()) }()
	found, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// theExport is the one file of exported commands in the current directory.
func theExport(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("coco-commands-*.jsonl")
	if err != nil || len(files) != 1 {
		t.Fatalf("exports: %v, %v", files, err)
	}
	info, err := os.Stat(files[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%s: mode %o, %v", files[0], info.Mode().Perm(), err)
	}
	return files[0]
}

func TestEverythingOfACommandComesBackAfterDownAndUp(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "retire", "--force")
	execute(t, db, `SELECT updatecommandentitystatus(command_id, 'SUCCEEDED') FROM command_entities WHERE command_type <> 0`)
	execute(t, db, `UPDATE command_entities SET created_at = 'infinity', finished_at = '4713-01-01 BC' WHERE command_type = 0`)
	before, tasks := rows(t, db, commandRows), rows(t, db, `SELECT t::text FROM getallfromasync_tasks() t ORDER BY task_id`)

	lost := count(int64(len(before)))
	want(t, exitDone, "down", "--yes").says(t, lost+" commands written to coco-commands-", `"upgrade commands load coco-commands-`,
		"nothing of coco is left")
	export := theExport(t)
	execute(t, db, `SELECT deleteasync_tasks(task_id) FROM async_tasks ORDER BY task_id LIMIT 1`) // the old engine works

	want(t, exitFailure, "commands", "load", export).says(t, "has not been upgraded", `hint: Run "upgrade up --to switch"`)
	want(t, exitDone, "up", "--to", "prove")
	want(t, exitFailure, "commands", "load", export).says(t, "only after the switch", `hint: Run "upgrade up --to switch"`)
	want(t, exitDone, "up", "--to", "contract")

	made := rows(t, db, commandRows)
	kept := want(t, exitDone, "commands", "load", export)
	kept.says(t, "there otherwise and left alone", "warning: there otherwise than in the export: ", "more", "hint: --overwrite replaces them.")
	want(t, exitDone, "commands", "load", export, "--overwrite", "--dry-run").says(t, "dry run, nothing was changed: ")
	if now := rows(t, db, commandRows); len(now) < len(made) {
		t.Errorf("%d commands, there were %d", len(now), len(made))
	}
	want(t, exitDone, "commands", "load", export, "--overwrite").says(t, " replaced")
	if now := rows(t, db, commandRows); strings.Join(now, "\n") != strings.Join(before, "\n") {
		t.Errorf("the commands are not what they were: %d, there were %d", len(now), len(before))
	}
	all := events(t, want(t, exitDone, "commands", "load", export, "--overwrite", "--json"))
	if last := all[len(all)-1]; last["already_there"] != float64(len(before)) || last["loaded"] != 0.0 || last["replaced"] != 0.0 {
		t.Errorf("the second time: %v", last)
	}
	want(t, exitDone, "verify")
	left := strings.Join(rows(t, db, `SELECT t::text FROM getallfromasync_tasks() t ORDER BY task_id`), "\n")
	if all := strings.Join(tasks, "\n"); !strings.HasSuffix(all, left) || left == all {
		t.Error("tasks do not read what they read before")
	}
}

func TestADamagedExportIsRefusedByLineAndNothingIsLoaded(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "contract")
	before := rows(t, db, commandRows)
	const id, other = "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-666666666666"
	line := func(change ...string) string {
		text := `{"coco_command":1,"command_id":"` + id + `","command_type":7,"parent_command_id":null,"root_command_id":null,` +
			`"action_parameters":"` + canaryValue + `","action_parameters_class":null,"created_at":null,"status":"ACTIVE","finished_at":null}`
		for i := 0; i < len(change); i += 2 {
			if !strings.Contains(text, change[i]) {
				t.Fatalf("no %s in the line", change[i])
			}
			text = strings.Replace(text, change[i], change[i+1], 1)
		}
		return text + "\n"
	}
	for what, c := range map[string]struct{ text, says string }{
		"not an export":       {`{"event":"` + canaryValue + `"}` + "\n", "line 1 is not a command that was exported"},
		"no JSON":             {line() + canaryValue + "\n", "line 2 is not a command that was exported"},
		"cut off":             {line() + line()[:100], "line 2 is not a command that was exported"},
		"an empty line":       {line() + "\n" + line(), "line 2 is not a command that was exported"},
		"a newer format":      {line(`"coco_command":1`, `"coco_command":2`), "line 1 has version 2 of the format, and this program knows version 1"},
		"a field too few":     {line(`,"status":"ACTIVE"`, ""), "line 1 is damaged: it has no field status"},
		"a field too many":    {line(`"status"`, `"`+canaryPassword+`":1,"status"`), "line 1 is damaged: it has fields"},
		"an id of another":    {line(id, canaryValue), "line 1 is damaged: command_id"},
		"the zero GUID":       {line(id, "00000000-0000-0000-0000-000000000000"), "line 1 is damaged: command_id"},
		"a type out of range": {line(`:7,`, `:2147483648,`), "line 1 is damaged: command_type"},
		"a time of no clock":  {line() + line(id, other, `"created_at":null`, `"created_at":"`+canaryTime+`"`), "line 2 is damaged: a value is not"},
		"a status too long":   {line("ACTIVE", strings.Repeat(canaryValue, 2)), "line 1 is damaged: a value is not"},
		"a zero byte":         {line() + line(id, other, "ACTIVE", `\u0000`), "line 2 is damaged: a value is not"},
		"no UTF-8":            {line() + line("ACTIVE", "\xff"), "line 2 is damaged: it is not UTF-8 text"},
		"a missing parent": {
			line(`"parent_command_id":null`, `"parent_command_id":"`+other+`"`),
			"neither in the database nor in the export: " + other + " (line 1)",
		},
	} {
		t.Run(what, func(t *testing.T) {
			if err := os.WriteFile("export.jsonl", []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			want(t, exitFailure, "commands", "load", "export.jsonl", "--overwrite").isOneError(t, c.says, "Nothing was loaded.")
			if now := rows(t, db, commandRows); strings.Join(now, "\n") != strings.Join(before, "\n") {
				t.Error("something was loaded")
			}
		})
	}
	want(t, exitFailure, "commands", "load", "nowhere.jsonl").says(t, "nowhere.jsonl: no such file")
	want(t, exitUsage, "commands", "load").isOneError(t, "load takes one FILE", `"upgrade help commands load"`)
	want(t, exitUsage, "commands").says(t, "no command was given")
	want(t, exitUsage, "commands", "lod").isOneError(t, `there is no command "commands lod"`, "load")
}

func TestCommandsThatNameOneAnotherAreLoadedInAnyOrder(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "contract")
	name := func(n int) string { return fmt.Sprintf("11111111-2222-3333-4444-%012d", n) }
	var export strings.Builder
	for _, c := range []struct {
		id, parent, root int
		status           string
	}{{1, 2, 3, "OLD"}, {2, 3, 3, "ACTIVE"}, {3, 1, 3, "ACTIVE"}, {4, 4, 4, "ACTIVE"}, {1, 2, 3, "NEW"}} {
		fmt.Fprintf(&export, `{"coco_command":1,"command_id":"%s","command_type":7,"parent_command_id":"%s","root_command_id":"%s",`+
			`"action_parameters":"a\\u0000b","action_parameters_class":"","created_at":"-infinity","status":"%s","finished_at":null}`+"\n",
			name(c.id), name(c.parent), name(c.root), c.status)
	}
	if err := os.WriteFile("export.jsonl", []byte(export.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	want(t, exitDone, "commands", "load", "export.jsonl").says(t, "4 commands loaded, 0 already there")
	got := rows(t, db, `SELECT concat_ws(' ', right(command_id::text, 1), right(parent_command_id::text, 1), status, action_parameters, created_at)
		FROM command_entities WHERE command_id::text LIKE '11111111-2222%' ORDER BY command_id`)
	expected := []string{`1 2 NEW a\u0000b -infinity`, `2 3 ACTIVE a\u0000b -infinity`, `3 1 ACTIVE a\u0000b -infinity`, `4 4 ACTIVE a\u0000b -infinity`}
	if strings.Join(got, "\n") != strings.Join(expected, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestLoadingFromStdinCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent, writer := io.Pipe() // nobody writes to it
	defer func() { _ = writer.Close() }()
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := io.ReadAll(&interruptible{ctx, silent}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	text, err := io.ReadAll(&interruptible{t.Context(), strings.NewReader(strings.Repeat("line\n", 10000))})
	if err != nil || len(text) != 50000 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestNoExportIsLeftWhereNothingWasDropped(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "contract")
	execute(t, db, `SELECT updatecommandentitystatus(command_id, 'FAILED') FROM command_entities`)
	none := func(after string) {
		t.Helper()
		if files, err := filepath.Glob("coco-*.jsonl"); err != nil || len(files) > 0 {
			t.Errorf("after %s: %v, %v", after, files, err)
		}
	}
	want(t, exitDone, "down", "--yes", "--to", "switch")
	none("down to the switch")
	execute(t, db, `INSERT INTO command_entities (command_id, command_type) VALUES (md5(random()::text)::uuid, 7)`)
	want(t, exitFailure, "down", "--yes").says(t, "command without a task", "--discard-commands")
	none("a refusal")
	want(t, exitDone, "down", "--yes", "--to", "expand", "--discard-commands")
	theExport(t)
}

func TestAnExportStaysOnceTheDatabaseMayHaveDroppedWhatIsInIt(t *testing.T) {
	t.Parallel()
	for _, synced := range []bool{false, true} {
		file, err := createNew(filepath.Join(t.TempDir(), "export.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(file, "a command"); err != nil {
			t.Fatal(err)
		}
		if synced { // in the transaction that drops, the answer to whose commit may be lost
			if err := file.Sync(); err != nil {
				t.Fatal(err)
			}
		}
		file.forget()
		if err := file.close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file.path); errors.Is(err, os.ErrNotExist) == synced {
			t.Errorf("synced %v: %v", synced, err)
		}
	}
}

func TestWhereTheExportCannotBeMadeNothingIsDropped(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "contract")
	execute(t, db, `SELECT updatecommandentitystatus(command_id, 'FAILED') FROM command_entities`)
	before := rows(t, db, commandRows)
	want(t, exitFailure, "down", "--yes", "--export-commands", filepath.Join("nowhere", "export.jsonl")).says(t, "export the commands")
	want(t, exitPending, "status").says(t, "9 (contract)")
	if now := rows(t, db, commandRows); strings.Join(now, "\n") != strings.Join(before, "\n") {
		t.Error("commands have changed")
	}
}
