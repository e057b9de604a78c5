package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
)

// ownServer starts a server that belongs to one test.
func ownServer(t *testing.T, options ephemeral.Options) *ephemeral.Server {
	t.Helper()
	server, err := ephemeral.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return server
}

// dumped returns what pg_dump says about a database of a server, which may be so old that it came without one.
func dumped(t *testing.T, server *ephemeral.Server, database string, args ...string) string {
	t.Helper()
	programs, err := ephemeral.FindBinDir()
	if err != nil {
		t.Fatal(err)
	}
	cmd := server.Command(t.Context(), database, "pg_dump", args...)
	cmd.Path, cmd.Err = filepath.Join(programs, "pg_dump"), nil
	var complaint strings.Builder
	cmd.Stderr = &complaint
	dump, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, complaint.String())
	}
	lines := strings.Split(string(dump), "\n")
	return strings.Join(withoutRandomKeys(lines), "\n")
}

// withoutRandomKeys leaves out two lines that some versions of pg_dump write with a new key each time.
func withoutRandomKeys(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if !strings.HasPrefix(line, `\restrict `) && !strings.HasPrefix(line, `\unrestrict `) {
			kept = append(kept, line)
		}
	}
	return kept
}

// TestARealServerThatIsTooOldIsRefused needs programs of such a server: make test-old-server fetches them.
func TestARealServerThatIsTooOldIsRefused(t *testing.T) {
	directories := filepath.SplitList(os.Getenv("COCO_OLD_PGBIN"))
	if len(directories) == 0 {
		t.Skip("COCO_OLD_PGBIN names no directory of PostgreSQL 11 or older")
	}
	for _, directory := range directories {
		t.Run(filepath.Base(filepath.Dir(directory)), func(t *testing.T) {
			clearEnvironment(t)
			server := ownServer(t, ephemeral.Options{BinDir: directory})
			conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(t.Context())
			if _, err := conn.Exec(t.Context(), `CREATE TABLE async_tasks (task_id uuid PRIMARY KEY)`); err != nil {
				t.Fatal(err)
			}
			before := dumped(t, server, "postgres")
			t.Setenv("DATABASE_URL", server.URL("postgres"))
			version, _, _ := strings.Cut(conn.PgConn().ParameterStatus("server_version"), " ")
			for _, command := range databaseCommands(t) {
				for _, args := range [][]string{command, append(command, "--json")} {
					got := want(t, exitFailure, args...)
					reason, hint := "PostgreSQL "+version+" is too old: versions 12 to 18 are supported", "Restore a dump of the database into PostgreSQL 12 or newer"
					if command[0] == "check" { // which lists it among its findings
						got.says(t, reason, hint)
						continue
					}
					got.isOneError(t, reason, hint)
				}
			}
			if dumped(t, server, "postgres") != before {
				t.Error("the database was changed")
			}
		})
	}
}
