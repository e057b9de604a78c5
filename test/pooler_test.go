package test

import (
	"context"
	"fmt"
	"net"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

const poolerReason = "a connection pooler stands between this program and PostgreSQL"

func TestAPoolerIsRefusedBeforeALockIsTaken(t *testing.T) {
	program := pgbouncer(t)
	ctx := t.Context()
	server, err := ephemeral.Start(ctx, ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable), TCP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopServer(t, server) })
	for _, name := range []string{"begun", "upgraded"} {
		if err := server.CreateDatabase(ctx, name, ""); err != nil {
			t.Fatal(err)
		}
		if err := workload(nil).Build(ctx, server.URL(name)); err != nil {
			t.Fatal(err)
		}
	}
	upgradeTool(t, server.URL("upgraded"), exitDone, "up", "--quiet")
	before := [][]string{snapshotOf(t, server.URL("begun")), snapshotOf(t, server.URL("upgraded"))}

	for _, mode := range []string{"session", "transaction", "statement"} {
		t.Run(mode, func(t *testing.T) {
			port := startPooler(t, program, server, mode)
			url := func(db, more string) string {
				return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable%s", ephemeral.Superuser, port, db, more)
			}
			for _, command := range [][]string{
				{"up"}, {"up", "--to", "expand"}, {"down", "--yes"}, {"status"}, {"verify"}, {"plan"}, {"check"}, {"cleanup", "--before", "1d"},
				{"commands", "list"}, {"commands", "engines"}, {"commands", "resume", "00000000-0000-0000-0000-000000000001"},
				{"commands", "remove", "00000000-0000-0000-0000-000000000001", "--yes"},
			} {
				for _, db := range []string{"begun", "upgraded"} {
					run := upgradeTool(t, url(db, ""), exitFailure, command...)
					run.says(t, poolerReason, "Connect to PostgreSQL itself")
				}
			}
			run := upgradeTool(t, url("begun", "&options=-c%20geqo%3Doff"), exitFailure, "status")
			run.says(t, "cannot connect to database", "startup parameter", "A connection pooler answers there")

			conn, err := pgx.Connect(ctx, server.URL("begun"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(ctx) }()
			same(t, "locks that were left behind", nil, query(t, conn, `SELECT pid::text FROM pg_locks WHERE locktype = 'advisory'`))
		})
	}
	same(t, "it was changed", before[0], snapshotOf(t, server.URL("begun")))
	same(t, "it was changed", before[1], snapshotOf(t, server.URL("upgraded")))
}

// pgbouncer is the path of PgBouncer, which is installed where that can be.
func pgbouncer(t *testing.T) string {
	t.Helper()
	out, err := osexec.CommandContext(t.Context(), filepath.Join("..", "scripts", "need-pgbouncer")).Output()
	if err == nil {
		return strings.TrimSpace(string(out))
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("PgBouncer is neither there nor to be had, and the continuous integration tests with it: %v", err)
	}
	t.Skipf("PgBouncer is neither there nor to be had (scripts/need-pgbouncer: %v)", err)
	return ""
}

// startPooler starts PgBouncer before a server and returns its port.
func startPooler(t *testing.T, program string, server *ephemeral.Server, mode string) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal(listener.Addr())
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%d user=%s password=%s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
log_connections = 0
log_disconnections = 0
pool_mode = %s
`, server.Port(), ephemeral.Superuser, server.Password(), address.Port, mode)
	file := filepath.Join(t.TempDir(), "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{file}
	if os.Geteuid() == 0 { // which it refuses to run as
		args = []string{"--user=nobody", file}
	}
	log := &strings.Builder{}
	cmd := osexec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log)
		}
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address.String())
		if err == nil {
			_ = conn.Close()
			return address.Port
		}
		if time.Now().After(deadline) {
			t.Fatalf("PgBouncer does not answer: %v", err)
		}
	}
}
