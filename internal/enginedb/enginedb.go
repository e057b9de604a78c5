// Package enginedb makes engine databases for tests and demonstrations: the part of an oVirt engine 3.4 database that
// coco meets, a sample of its tasks, generated tasks in any number, and the marks that people leave on a database.
package enginedb

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:generate sh -c "go run ./gensample > testdata/sample.sql"

var (
	//go:embed sql/tables.sql
	tablesSQL string
	//go:embed sql/functions.sql
	functionsSQL string
	//go:embed sql/decorate.sql
	decorateSQL string
	//go:embed testdata/sample.sql
	sampleSQL string
)

// Names of the roles that Decorate makes. Roles belong to the whole server, so they outlive the database.
const (
	ExecRole   = "coco_test_exec"   // may execute a few procedures, and touch no table
	WriterRole = "coco_test_writer" // may write the task tables and execute the writers
	ReaderRole = "coco_test_reader" // may read the task tables, one column of each by a privilege of its own
)

// FixtureSQL returns the script that turns an empty database into an engine 3.4 database at version 03040810.
// The role that runs it owns everything. It has neither psql commands nor transaction control.
func FixtureSQL() string { return tablesSQL + "\n" + functionsSQL }

// ProceduresSQL returns the part of FixtureSQL that creates the procedures, as the engine's own tools do again and again.
func ProceduresSQL() string { return functionsSQL }

// DecorateSQL returns the script that Decorate runs.
func DecorateSQL() string { return decorateSQL }

// Sample returns a script that adds 46 tasks, 24 entity links and one storage pool in one transaction: every state of
// a task that is known from real databases, each under a label. Its texts hold made-up secrets.
func Sample() string { return sampleSQL }

// SampleLabels returns the labels of the sample's tasks in their order, without repetition. A label starts with the
// name of its case: S1 to S14 for what the engine writes, X1 to X15 for older and damaged rows.
func SampleLabels() []string {
	var labels []string
	seen := map[string]bool{}
	for line := range strings.Lines(sampleSQL) {
		label, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "-- ")
		if !ok || !isCase(label) || seen[label] {
			continue
		}
		seen[label] = true
		labels = append(labels, label)
	}
	return labels
}

// isCase reports whether s starts like a label: S or X, digits, a full stop.
func isCase(s string) bool {
	name, _, ok := strings.Cut(s, ".")
	return ok && len(name) > 1 && strings.ContainsAny(name[:1], "SX") && strings.Trim(name[1:], "0123456789") == ""
}

// Load runs FixtureSQL over conn. On error nothing is left behind.
func Load(ctx context.Context, conn *pgx.Conn) error {
	return run(ctx, conn, "load the engine fixture", FixtureSQL())
}

// LoadSample runs Sample over conn, which must not be in a transaction.
func LoadSample(ctx context.Context, conn *pgx.Conn) error {
	return run(ctx, conn, "load the sample", sampleSQL)
}

// Decorate adds what people add to an engine database over the years: privileges of three roles, comments, options of
// functions, tuning of columns, and an edited procedure. The role of conn must own the database's objects or be a
// superuser, and must be allowed to create roles unless the three are there already. It may be repeated.
func Decorate(ctx context.Context, conn *pgx.Conn) error {
	return run(ctx, conn, "decorate the engine database", decorateSQL)
}

// run sends a script of many statements in one message, so that one without transaction control is all or nothing.
func run(ctx context.Context, conn *pgx.Conn, doing, script string) error {
	if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
