// Package sqlcover measures which statements and branches of the stored procedures the tests run. The counts are those of
// plpgsql_check's profiler. Package testdb collects them while tests run; `make cover-sql` holds them against the procedures of
// every migration.
package sqlcover

import (
	"context"
	_ "embed"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
)

// DirVariable names the environment variable that turns the measurement on. Its value is a directory that the PostgreSQL server can
// write to: every file in it holds counts.
const DirVariable = "COCO_SQL_COVERAGE"

// Dir is where counts go; it is empty when nothing is measured.
func Dir() string { return os.Getenv(DirVariable) }

// Settings are what a server needs to count.
func Settings() map[string]string {
	return map[string]string{
		"shared_preload_libraries":                 "plpgsql,plpgsql_check",
		"plpgsql_check.profiler":                   "on",
		"plpgsql_check.profiler_max_shared_chunks": "100000",
	}
}

//go:embed install.sql
var installSQL string

// Install makes a database count, and all that are copied from it. The server must have Settings, and write to dir.
func Install(ctx context.Context, conn *pgx.Conn, dir string) error {
	if _, err := conn.PgConn().Exec(ctx, installSQL).ReadAll(); err != nil {
		return fmt.Errorf("install the profiler of plpgsql_check: %w", err)
	}
	if _, err := conn.Exec(ctx, `INSERT INTO sqlcover.setting VALUES ($1)`, dir); err != nil {
		return fmt.Errorf("say where counts go: %w", err)
	}
	return nil
}

// Collect writes to a file what has been counted in a database since it was called last. Call it before the database is dropped.
func Collect(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, `SELECT sqlcover.collect()`); err != nil {
		return fmt.Errorf("collect the counts of statements: %w", err)
	}
	return nil
}
