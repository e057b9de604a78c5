package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-migrate/migrate/v4/database"
	"github.com/google/uuid"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

func TestChangesBehindTheProofAreDrift(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "prove")
	execute(t, db, `ALTER TABLE async_tasks DISABLE TRIGGER ALL`)
	execute(t, db, `UPDATE async_tasks SET action_parameters = 'changed by hand, `+canaryValue+`'
		WHERE task_id = (SELECT task_id FROM async_tasks WHERE vdsm_task_id IS NOT NULL ORDER BY task_id LIMIT 1)`)
	execute(t, db, `ALTER TABLE async_tasks ENABLE TRIGGER ALL;
		ALTER TABLE async_tasks ENABLE ALWAYS TRIGGER coco_log_tasks; ALTER TABLE async_tasks ENABLE ALWAYS TRIGGER coco_log_tasks_truncate`)

	for _, args := range [][]string{{"verify"}, {"verify", "--json"}, {"up"}, {"up", "--json"}} {
		want(t, exitDrift, args...).says(t, "task")
	}
	want(t, exitDrift, "verify").says(t, wordFails, "finding")
}

func TestSomebodyElsesUpgradeIsBusy(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	id, err := database.GenerateAdvisoryLockId(db.Name, "public", "schema_migrations")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock("+id+")"); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"up", "--lock-budget", "50ms"}, {"up", "--lock-budget", "50ms", "--json"}} {
		want(t, exitBusy, args...).says(t, "somebody else is running migrations", "pid ", "hint: Wait until it is done")
	}
	want(t, exitPending, "status").says(t, "upgrading now  pid ")
}

func TestALockThatIsNotToBeHadIsBusy(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE async_tasks IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	want(t, exitBusy, "up", "--lock-budget", "200ms").says(t, "a lock was not to be had", "pid ", "hint: ")
}

func TestAnOlderTransactionIsWaitedForAndNamed(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "prove")
	conn := db.Connect(t.Context())
	if _, err := conn.Exec(t.Context(), `BEGIN; SELECT 1 FROM storage_pool`); err != nil {
		t.Fatal(err)
	}
	got := want(t, exitBusy, "up", "--to", "contract", "--drain-budget", "100ms")
	got.says(t, "are still open after", "pid ", "applied      6  switch", "at version 6 (switch)")
}

func TestWaitsOverASecondAreShown(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE async_tasks IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	got := want(t, exitBusy, "up", "--lock-budget", "1500ms")
	if !strings.Contains(got.stderr, "waiting ") || !strings.Contains(got.stderr, "for a lock: pid ") {
		t.Errorf("the wait was not shown:\n%s", got.stderr)
	}
}

func TestUnreachableServerIsAnError(t *testing.T) {
	clearEnvironment(t)
	for _, args := range [][]string{{"status"}, {"up", "--json"}, {"verify"}, {"down", "--yes"}} {
		args = append(args, "--database", "postgres://engine:"+canaryPassword+"@127.0.0.1:1/engine?connect_timeout=2")
		want(t, exitFailure, args...).says(t, "warning: the password on the command line", "cannot connect to database \"engine\" as \"engine\" at 127.0.0.1:1: nothing answers there", "hint: Check host and port")
	}
	want(t, exitFailure, "status", "--engine-conf", "missing.conf").says(t, "missing.conf")
}

func TestAWrongPasswordIsNotRepeated(t *testing.T) {
	clearEnvironment(t)
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{TCP: true, BinDir: os.Getenv(testdb.BinDirVariable)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	url := strings.Replace(server.TCPURL("postgres", "postgres"), server.Password(), canaryPassword, 1)
	want(t, exitFailure, "up", "--verbose", "--database", url).says(t, "password authentication failed")
	t.Setenv("DATABASE_URL", url)
	got := want(t, exitFailure, "status")
	got.says(t, "password authentication failed")
	if strings.Contains(got.stderr, "warning") {
		t.Errorf("a warning about a password that is in no command line:\n%s", got.stderr)
	}
}

func TestNoSecretsInAWholeLifeOfADatabase(t *testing.T) {
	for _, more := range [][]string{nil, {"--json"}, {"--verbose"}} {
		t.Run(strings.Join(more, ""), func(t *testing.T) {
			db := engine(t)
			url := strings.Replace(db.URL, "postgres@", "postgres:"+canaryPassword+"@", 1)
			if !strings.Contains(url, canaryPassword) {
				t.Fatalf("no password in %s", url)
			}
			more := append(more, "--database", url)
			for _, line := range []struct {
				code int
				args []string
			}{
				{exitPending, []string{"status"}}, {exitDone, []string{"up"}}, {exitDone, []string{"status"}},
				{exitDone, []string{"verify"}}, {exitUsage, []string{"down"}}, {exitDone, []string{"down", "--yes"}},
			} {
				want(t, line.code, append(line.args, more...)...)
			}
		})
	}
}

func TestCommandsWithoutATaskAreNamedExportedAndOnlyThenDropped(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "contract")
	lost := uuid.NewString()
	execute(t, db, `INSERT INTO command_entities (command_id, command_type, action_parameters, status) VALUES ($1, 7, $2, 'ACTIVE')`,
		lost, canaryValue)

	want(t, exitFailure, "down", "--yes").says(t, lost, "hint: Add --discard-commands")
	want(t, exitFailure, "down", "--yes", "--json").says(t, `"unheld_command"`, lost, `"kind":"unheld_commands"`)
	want(t, exitPending, "status").says(t, "9 (contract)")

	if err := os.WriteFile("there", []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	want(t, exitFailure, "down", "--yes", "--export-commands", "there", "--discard-commands").says(t, "there: file exists")
	if text, err := os.ReadFile("there"); err != nil || string(text) != "kept" {
		t.Errorf("an existing file was overwritten: %q, %v", text, err)
	}

	want(t, exitDone, "down", "--yes", "--export-commands", "lost.jsonl", "--discard-commands").
		says(t, "1 command written to lost.jsonl", "nothing of coco is left in the database")
	info, err := os.Stat("lost.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("lost.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || strings.Count(string(text), "\n") != 1 ||
		!strings.Contains(string(text), lost) || !strings.Contains(string(text), canaryValue) {
		t.Errorf("the export has mode %o and %d bytes", info.Mode().Perm(), len(text))
	}
}

func TestNothingIsExportedWhereNothingIsLost(t *testing.T) {
	engine(t)
	want(t, exitDone, "up", "--to", "contract")
	want(t, exitDone, "down", "--yes", "--export-commands", "lost.jsonl", "--discard-commands")
	if _, err := os.Stat("lost.jsonl"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty export was left behind: %v", err)
	}
}

func TestExportNameIsAFileName(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if got := exportName("coco-journal", "../a b:c", at); got != "coco-journal-.._a_b_c-20260102T030405Z.jsonl" {
		t.Errorf("got %q", got)
	}
}

func TestAJournalThatAKilledRunLeftIsNotOverwritten(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, want := range []string{"j.jsonl", "j-2.jsonl", "j-3.jsonl"} {
		file, err := createNumbered("j.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte("kept")); err != nil {
			t.Fatal(err)
		}
		if err := file.close(); err != nil || file.kept() != want {
			t.Errorf("%s: kept %s, %v, want %s", file.path, file.kept(), err, want)
		}
	}
}
