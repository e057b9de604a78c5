package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
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
			before := testdb.DumpOf(t, server, "postgres")
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
			if testdb.DumpOf(t, server, "postgres") != before {
				t.Error("the database was changed")
			}
		})
	}
}
