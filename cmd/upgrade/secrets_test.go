package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

// secrets are what no output, log, journal or file may hold, but for exports and configurations that only their owner can read.
func secrets() []string { return []string{canaryPassword, canaryValue, canaryTime} }

// holdsSecret returns the first secret that a text holds, empty for none.
func holdsSecret(text []byte) string {
	for _, secret := range secrets() {
		if bytes.Contains(text, []byte(secret)) {
			return secret
		}
	}
	return ""
}

// searchFiles looks for secrets in files of the working directory that others can read.
func searchFiles(t *testing.T, args []string) {
	t.Helper()
	if _, err := os.Stat("secrets_test.go"); err == nil {
		return // the test has no directory of its own: these are the sources
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 == 0 || info.Size() > 64<<20 {
			continue
		}
		text, err := os.ReadFile(entry.Name())
		if err != nil {
			continue // others cannot read it either
		}
		if secret := holdsSecret(text); secret != "" {
			t.Errorf("after upgrade %s others can read %s in %s", strings.Join(args, " "), secret, entry.Name())
		}
	}
}

// watchServer looks, at the end of a test, for secrets in what the server logged since now and in the journal of the test's database.
func watchServer(t *testing.T, db *testdb.DB) {
	t.Helper()
	begin, err := os.Stat(db.Server.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		conn, err := pgx.Connect(ctx, db.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(ctx)
		searchJournal(t, conn)
	})
	t.Cleanup(func() { searchLog(t, db.Server, begin.Size()) })
}

func searchLog(t *testing.T, server *ephemeral.Server, begin int64) {
	t.Helper()
	log, err := os.ReadFile(server.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log[begin:])) {
		if secret := holdsSecret([]byte(line)); secret != "" {
			at := strings.Index(line, secret)
			t.Errorf("the server's log has %s: …%s", secret, line[max(0, at-300):at+len(secret)])
			return
		}
	}
}

func searchJournal(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	var there bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('coco.journal') IS NOT NULL`).Scan(&there); err != nil || !there {
		return
	}
	var journal string
	if err := conn.QueryRow(ctx, `SELECT coalesce(string_agg(j::text, E'\n'), '') FROM coco.journal j`).Scan(&journal); err != nil {
		t.Fatal(err)
	}
	if secret := holdsSecret([]byte(journal)); secret != "" {
		t.Errorf("the journal has %s", secret)
	}
}

// TestTheServersLogGetsNoSecretFromUs lets the server log whatever it can of what commands send, while they work and while they fail.
func TestTheServersLogGetsNoSecretFromUs(t *testing.T) {
	clearEnvironment(t)
	t.Chdir(t.TempDir())
	server := ownServer(t, ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable)})
	if err := server.CreateDatabase(t.Context(), "talkative", ""); err != nil {
		t.Fatal(err)
	}
	large(t, server, "talkative")
	t.Setenv("DATABASE_URL", strings.Replace(server.URL("talkative"), "postgres@", "postgres:"+canaryPassword+"@", 1))
	conn, err := pgx.Connect(t.Context(), server.URL("talkative"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	silently := func(sql string, args ...any) { // the test itself does write secrets
		t.Helper()
		for _, statement := range []string{`SET log_statement = none`, `SET log_min_duration_statement = -1`} {
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, setting := range []string{
		`log_statement = 'all'`, `log_min_duration_statement = 0`, `log_min_error_statement = 'debug5'`, `log_error_verbosity = 'verbose'`,
	} {
		reconfigure(t, server, `ALTER SYSTEM SET `+setting)
	}
	begin, err := os.Stat(server.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	life := func(code int, args ...string) {
		t.Helper()
		want(t, code, args...)
		searchJournal(t, conn)
	}

	for _, bad := range []string{"no-such-host.invalid", "127.0.0.1:1"} {
		life(exitFailure, "status", "--database", "postgres://e:"+canaryPassword+"@"+bad+"/d")
	}
	life(exitPending, "status")
	life(exitDone, "plan")
	life(exitDone, "up", "--to", "prove", "--verbose")
	silently(`ALTER TABLE async_tasks DISABLE TRIGGER USER`)
	silently(`UPDATE async_tasks SET action_parameters = $1 WHERE task_id = (SELECT min(task_id::text)::uuid FROM async_tasks WHERE vdsm_task_id IS NOT NULL)`,
		canaryValue+" changed")
	silently(`ALTER TABLE async_tasks ENABLE TRIGGER USER; ALTER TABLE async_tasks ENABLE ALWAYS TRIGGER coco_log_tasks;
		ALTER TABLE async_tasks ENABLE ALWAYS TRIGGER coco_log_tasks_truncate`)
	life(exitDrift, "verify")
	life(exitDrift, "up", "--to", "contract", "--json")
	life(exitDone, "down", "--yes")

	life(exitDone, "up", "--to", "retire", "--force")
	silently(`INSERT INTO command_entities (command_id, command_type, action_parameters, status)
		SELECT md5(n::text)::uuid, 7, $1, 'ACTIVE' FROM generate_series(1, 5) AS n`, canaryValue)
	life(exitDone, "verify")
	life(exitFailure, "down", "--yes", "--to", "expand")
	life(exitDone, "down", "--yes", "--to", "expand", "--export-commands", "lost.jsonl", "--discard-commands")
	life(exitDone, "up", "--to", "contract")
	if server.Version() >= 130000 { // before, what a statement is given is always logged with it
		// What load gives to a procedure are commands, as what the engine gives to its own: whoever logs those, logs these.
		reconfigure(t, server, `ALTER SYSTEM SET log_parameter_max_length = 0`)
		life(exitDone, "commands", "load", "lost.jsonl", "--overwrite")
		export, err := os.ReadFile("lost.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		write(t, "damaged.jsonl", strings.Replace(string(export), `"status":"ACTIVE"`, `"status":"`+strings.Repeat(canaryValue, 3)+`"`, 1))
		life(exitFailure, "commands", "load", "damaged.jsonl", "--overwrite")
		reconfigure(t, server, `ALTER SYSTEM RESET log_parameter_max_length`)
	}
	life(exitDone, "down", "--yes", "--export-commands", filepath.Join(t.TempDir(), "all.jsonl"), "--discard-commands")
	searchLog(t, server, begin.Size())
}
