package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

const brokenTasks = 2000

// large fills databases of a server of the test's own with the same tasks.
func large(t *testing.T, server *ephemeral.Server, names ...string) {
	t.Helper()
	for _, name := range names {
		conn, err := pgx.Connect(t.Context(), server.URL(name))
		if err != nil {
			t.Fatal(err)
		}
		if err := enginedb.Load(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		if err := enginedb.Generate(t.Context(), conn, enginedb.GenerateOptions{Tasks: brokenTasks, Seed: 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), `UPDATE async_tasks SET action_parameters = action_parameters || $1`, canaryValue); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// upgraded returns everything that was to be made of a database, without when it was made.
func upgraded(t *testing.T, server *ephemeral.Server, database string) string {
	t.Helper()
	t.Setenv("DATABASE_URL", server.URL(database))
	want(t, exitDone, "verify")
	conn, err := pgx.Connect(t.Context(), server.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var digests string
	err = conn.QueryRow(t.Context(), `SELECT concat_ws(' ',
		(SELECT md5(string_agg(t::text, E'\n' ORDER BY t.task_id)) FROM coco.async_task t),
		(SELECT md5(string_agg(c::text, E'\n' ORDER BY c.command_id)) FROM command_entities c),
		(SELECT concat_ws(' ', tasks, commands, archived, digest) FROM coco.receipt ORDER BY proved_at DESC LIMIT 1))`).Scan(&digests)
	if err != nil {
		t.Fatal(err)
	}
	return digests + "\n" + testdb.DumpOf(t, server, database, "--schema-only")
}

func TestAConnectionThatIsLostForGoodIsOneLineAndTheNextRunGoesOn(t *testing.T) {
	clearEnvironment(t)
	t.Chdir(t.TempDir())
	server := ownServer(t, ephemeral.Options{Durable: true, BinDir: os.Getenv(testdb.BinDirVariable)})
	for _, name := range []string{"whole", "json", "text"} {
		if err := server.CreateDatabase(t.Context(), name, ""); err != nil {
			t.Fatal(err)
		}
	}
	large(t, server, "whole", "json", "text")
	if err := server.Restart(t.Context()); err != nil { // sequences skip what they had in reserve, once
		t.Fatal(err)
	}
	t.Setenv("DATABASE_URL", server.URL("whole"))
	want(t, exitDone, "up")
	whole := upgraded(t, server, "whole")

	for name, form := range map[string][]string{"text": {"--verbose"}, "json": {"--json"}} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DATABASE_URL", server.URL(name))
			before := testdb.DumpOf(t, server, name)
			ended := make(chan outcome)
			go func() {
				ended <- command(t, append([]string{"up", "--batch", "10", "--pause", "5ms", "--reconnect-budget", "1s"}, form...)...)
			}()
			waitFor(t, server, name, `SELECT count(*) FROM command_entities`)
			if err := server.Kill(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := <-ended
			got.wantCode(t, exitFailure)
			got.isOneError(t, "", "Run the same command again: it goes on from where this one stopped.")
			want(t, exitFailure, append([]string{"up"}, form...)...).isOneError(t, "there is no such socket", "Check that the server runs")
			if err := server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			want(t, exitDone, append([]string{"up"}, form...)...)
			if upgraded(t, server, name) != whole {
				t.Error("it is not what a run without the break makes")
			}
			want(t, exitDone, append([]string{"down", "--yes"}, form...)...)
			if testdb.DumpOf(t, server, name) != before {
				t.Error("down does not give the database back")
			}
		})
	}
}

// waitFor waits until a query, which fails until then, counts something.
func waitFor(t *testing.T, server *ephemeral.Server, database, query string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for started := time.Now(); time.Since(started) < time.Minute; time.Sleep(2 * time.Millisecond) {
		var count int
		if err := conn.QueryRow(t.Context(), query).Scan(&count); err == nil && count > 0 {
			return
		}
	}
	t.Fatal("it never began")
}

// disk is a small file system of its own.
type disk struct{ path string }

const diskSize = 64 << 20

// newDisk mounts one below a server's directory, where the server may go.
func newDisk(t *testing.T, server *ephemeral.Server) disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a file system")
	}
	d := disk{filepath.Join(server.Socket(), "disk")}
	info, err := os.Stat(server.Socket())
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	space := filepath.Join(d.path, "space")
	if err := os.Mkdir(d.path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", d.path, "tmpfs", 0, fmt.Sprintf("size=%d,mode=755", diskSize)); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.path, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(os.Mkdir(space, 0o700), os.Chown(space, int(owner.Uid), int(owner.Gid))); err != nil {
		t.Fatal(err)
	}
	return d
}

// leave fills the disk but for some bytes, or empties what was filled.
func (d disk) leave(t *testing.T, bytes int64) {
	t.Helper()
	d.empty(t)
	var now syscall.Statfs_t
	if err := syscall.Statfs(d.path, &now); err != nil {
		t.Fatal(err)
	}
	free := int64(now.Bavail) * now.Bsize
	file, err := os.Create(d.ballast())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Fallocate(int(file.Fd()), 0, 0, max(free-bytes, 1)); err != nil {
		t.Fatal(err)
	}
}

func (d disk) ballast() string { return filepath.Join(d.path, "ballast") }

func (d disk) empty(t *testing.T) {
	t.Helper()
	if err := os.Remove(d.ballast()); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

func TestAFullDiskIsSaidAndWithMoreRoomItGoesOn(t *testing.T) {
	clearEnvironment(t)
	t.Chdir(t.TempDir())
	server := ownServer(t, ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable)})
	small := newDisk(t, server)
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, sql := range []string{
		`CREATE TABLESPACE small LOCATION '` + filepath.Join(small.path, "space") + `'`,
		`CREATE DATABASE whole`, `CREATE DATABASE cramped TABLESPACE small`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	large(t, server, "whole", "cramped")
	t.Setenv("DATABASE_URL", server.URL("whole"))
	want(t, exitDone, "up")
	whole := upgraded(t, server, "whole")

	t.Setenv("DATABASE_URL", server.URL("cramped"))
	before := testdb.DumpOf(t, server, "cramped")
	const hint = "Make room on the server's disk. Run the same command again"
	full := map[string]int{"up": 0, "down": 0}
	runs := func(direction string, args ...string) {
		for i, free := range []int64{0, 1 << 20, 4 << 20, 8 << 20} {
			small.leave(t, free)
			form := []string{"--verbose", "--json"}[i%2]
			if got := command(t, append(append([]string{direction}, args...), form)...); got.code != exitDone { // it may be enough
				full[direction]++
				got.wantCode(t, exitFailure)
				got.isOneError(t, "No space left on device", hint)
			}
			if got := command(t, "status", "--quiet"); got.code != exitDone && got.code != exitPending {
				t.Errorf("status on a full disk: exit code %d\n%s", got.code, got.stderr)
			}
		}
		small.empty(t)
	}
	runs("up")
	want(t, exitDone, "up")
	if upgraded(t, server, "cramped") != whole {
		t.Error("it is not what a run with enough room makes")
	}
	t.Setenv("DATABASE_URL", server.URL("cramped"))
	runs("down", "--yes")
	want(t, exitDone, "down", "--yes")
	if testdb.DumpOf(t, server, "cramped") != before {
		t.Error("down does not give the database back")
	}
	t.Logf("runs that found the disk full: %v", full)
	for direction, n := range full {
		if n == 0 {
			t.Errorf("%s never found the disk full", direction)
		}
	}
}
