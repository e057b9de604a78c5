package testdb

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/snapshot"
)

// Dump is what pg_dump says about the database: equal databases give equal text. More arguments, such as --schema-only,
// go to pg_dump. See DumpOf for servers that are newer than every pg_dump.
func (db *DB) Dump(tb testing.TB, args ...string) string {
	tb.Helper()
	return DumpOf(tb, db.Server, db.Name, args...)
}

// NeedPgDump skips a test that reads or restores dumps where there is no pg_dump for the server.
func (db *DB) NeedPgDump(tb testing.TB) {
	tb.Helper()
	NeedPgDump(tb, db.Server)
}

// NeedPgDump is DB.NeedPgDump for any server.
func NeedPgDump(tb testing.TB, server *ephemeral.Server) {
	tb.Helper()
	program := pgDumpOf(tb, server)
	if !program.serves(server) {
		tb.Skipf("%s is no program for a server of version %d", program.name, server.Version()/10000)
	}
}

// DumpOf is DB.Dump for a database of any server. Where the machine's pg_dump is older than the server, which pg_dump refuses,
// it is a snapshot with the same promise: what would change the dump changes it. The test's log says so.
func DumpOf(tb testing.TB, server *ephemeral.Server, database string, args ...string) string {
	tb.Helper()
	program := pgDumpOf(tb, server)
	if !program.serves(server) {
		tb.Logf("a snapshot instead of a dump: %s is too old for the server", program.name)
		return snapshotOf(tb, server, database, args)
	}
	if program.restrictKey { // otherwise such a pg_dump writes a random key
		args = append([]string{"--restrict-key=coco"}, args...)
	}
	dump, err := output(server.Command(tb.Context(), database, "pg_dump", args...))
	if err != nil {
		tb.Fatalf("testdb: dump %s: %v", database, err)
	}
	return dump
}

type pgDump struct {
	name        string // with its version, as it calls itself
	version     int    // the major one
	restrictKey bool
}

func (p pgDump) serves(server *ephemeral.Server) bool { return p.version >= server.Version()/10000 }

// pgDumpOf asks each program once.
func pgDumpOf(tb testing.TB, server *ephemeral.Server) pgDump {
	tb.Helper()
	program, err := shared.pgDump(tb.Context(), server)
	if err != nil {
		tb.Fatalf("testdb: %v", err)
	}
	return program
}

func (p *process) pgDump(ctx context.Context, server *ephemeral.Server) (pgDump, error) {
	path := server.Command(ctx, "", "pg_dump").Path
	p.mu.Lock()
	defer p.mu.Unlock()
	if program, ok := p.dumps[path]; ok {
		return program, nil
	}
	version, err := output(server.Command(ctx, "", "pg_dump", "--version"))
	if err != nil {
		return pgDump{}, err
	}
	program := pgDump{name: strings.TrimSpace(version)}
	if _, err := fmt.Sscanf(version, "pg_dump (PostgreSQL) %d", &program.version); err != nil {
		return pgDump{}, fmt.Errorf("version of %s: %w", path, err)
	}
	help, err := output(server.Command(ctx, "", "pg_dump", "--help"))
	if err != nil {
		return pgDump{}, err
	}
	program.restrictKey = strings.Contains(help, "--restrict-key")
	if p.dumps == nil {
		p.dumps = map[string]pgDump{}
	}
	p.dumps[path] = program
	return program, nil
}

// snapshotOf is a snapshot that leaves out what arguments of pg_dump say.
func snapshotOf(tb testing.TB, server *ephemeral.Server, database string, args []string) string {
	tb.Helper()
	var opts snapshot.Options
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "--schema-only":
			opts.SchemaOnly = true
		case "--exclude-table":
			opts.ExceptTables = append(opts.ExceptTables, value)
		case "--exclude-table-data":
			opts.ExceptRows = append(opts.ExceptRows, value)
		default:
			tb.Fatalf("testdb: a snapshot of %s cannot be taken with %s", database, arg)
		}
	}
	conn, err := pgx.Connect(tb.Context(), server.URL(database))
	if err != nil {
		tb.Fatalf("testdb: connect to %s: %v", database, err)
	}
	defer func() { _ = conn.Close(tb.Context()) }()
	lines, err := snapshot.Take(tb.Context(), conn, opts)
	if err != nil {
		tb.Fatalf("testdb: %s: %v", database, err)
	}
	return strings.Join(lines, "\n")
}

// output is what a program wrote, or an error with what it complained about.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd.Path, err, stderr.Bytes())
	}
	return stdout.String(), nil
}
