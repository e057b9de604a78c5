package testdb

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
)

// Options say what a test's database holds.
type Options struct {
	// Template is what the database is a copy of. The zero value makes an empty database.
	Template Template
}

// DB is a database that belongs to one test.
type DB struct {
	// Name is the database's name.
	Name string
	// URL connects to it as the superuser.
	URL string
	// Server is the server it is on.
	Server *ephemeral.Server

	tb testing.TB
}

// New creates a database on the shared server. It is dropped when the test ends, whoever is still connected.
// Settings and privileges of a template's database itself are not copied; see ephemeral.Server.CreateDatabase.
func New(tb testing.TB, opts Options) *DB {
	tb.Helper()
	server := Server(tb)
	template, err := shared.template(server, opts.Template)
	if err != nil {
		tb.Fatalf("testdb: %v", err)
	}
	name := shared.databaseName(tb)
	if err := server.CreateDatabase(tb.Context(), name, template); err != nil {
		tb.Fatalf("testdb: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := collect(ctx, server, name); err != nil {
			tb.Errorf("testdb: %v", err)
		}
		if err := server.DropDatabase(ctx, name); err != nil {
			tb.Errorf("testdb: %v", err)
		}
	})
	return &DB{Name: name, URL: server.URL(name), Server: server, tb: tb}
}

func (p *process) databaseName(tb testing.TB) string {
	tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.databases++
	return fmt.Sprintf("test_%d_%s", p.databases, identifier(tb.Name()))
}

// URLFor connects to the database as another role, which needs LOGIN but no password.
func (db *DB) URLFor(role string) string { return db.Server.URLFor(role, db.Name) }

// Connect opens a connection as the superuser, closed when the test ends. Call it from the test's own goroutine.
func (db *DB) Connect(ctx context.Context) *pgx.Conn {
	db.tb.Helper()
	return db.ConnectAs(ctx, ephemeral.Superuser)
}

// ConnectAs is Connect as another role.
func (db *DB) ConnectAs(ctx context.Context, role string) *pgx.Conn {
	db.tb.Helper()
	conn, err := pgx.Connect(ctx, db.URLFor(role))
	if err != nil {
		db.tb.Fatalf("testdb: connect to %s: %v", db.Name, err)
	}
	db.tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		_ = conn.Close(ctx) // the test may have cut it on purpose
	})
	return conn
}

// Psql runs a SQL file with psql as the superuser and fails the test at the first error.
func (db *DB) Psql(tb testing.TB, file string) {
	tb.Helper()
	db.PsqlAs(tb, ephemeral.Superuser, file)
}

// PsqlAs is Psql as another role.
func (db *DB) PsqlAs(tb testing.TB, role, file string) {
	tb.Helper()
	cmd := db.Server.Command(tb.Context(), db.Name, "psql",
		"--no-psqlrc", "--quiet", "--username="+role, "--set=ON_ERROR_STOP=1", "--file="+file)
	if _, err := output(cmd); err != nil {
		tb.Fatalf("testdb: run %s: %v", file, err)
	}
}
