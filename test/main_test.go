// Package test holds the acceptance tests: promises of the whole, kept on real PostgreSQL servers.
package test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	cocosql "github.com/ovirt/coco/sql"
)

// Versions of the chain at which something observable has changed.
const (
	versionExpand   = 2
	versionProve    = 5
	versionMirror   = 6
	versionGetters  = 7
	versionSwitch   = 8
	versionContract = 9
	versionRetire   = 10
)

func TestMain(m *testing.M) { testdb.Main(m) }

// engine returns a database of engine 3.4 with the given scripts run on it in their order.
func engine(t *testing.T, scripts ...string) *testdb.DB {
	t.Helper()
	scripts = append([]string{enginedb.FixtureSQL()}, scripts...)
	return testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "engine",
		Hash: testdb.Hash(scripts...),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			for _, script := range scripts {
				if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
					return err
				}
			}
			return nil
		},
	}})
}

// up applies the migrations after from up to and including to as they are, each in one implicit transaction.
func up(t *testing.T, conn *pgx.Conn, from, to int) {
	t.Helper()
	for version := from + 1; version <= to; version++ {
		if err := apply(t.Context(), conn, version, "up"); err != nil {
			t.Fatal(err)
		}
	}
}

// down takes migrations back, the one named from first, down to but not including to.
func down(t *testing.T, conn *pgx.Conn, from, to int) {
	t.Helper()
	for version := from; version > to; version-- {
		if err := apply(t.Context(), conn, version, "down"); err != nil {
			t.Fatal(err)
		}
	}
}

func apply(ctx context.Context, conn *pgx.Conn, version int, direction string) error {
	files, err := fs.Glob(cocosql.Schema, fmt.Sprintf("schema/%06d_*.%s.sql", version, direction))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("migration %d: %d files, %w", version, len(files), err)
	}
	script, err := fs.ReadFile(cocosql.Schema, files[0])
	if err != nil {
		return err
	}
	if _, err := conn.PgConn().Exec(ctx, string(script)).ReadAll(); err != nil {
		return fmt.Errorf("%s: %w", path.Base(files[0]), err)
	}
	return nil
}

// exec runs a script and fails the test when it fails.
func exec(t *testing.T, conn *pgx.Conn, script string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(t.Context(), script).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

// query returns the first column of the rows as text.
func query(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	all, err := readTexts(t.Context(), conn, sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// readTexts is query where there is no test to end.
func readTexts(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[*string])
	if err != nil {
		return nil, err
	}
	var all []string
	for _, value := range values {
		text := "NULL"
		if value != nil {
			text = *value
		}
		all = append(all, text)
	}
	return all, nil
}

// same fails the test when two lists of texts differ, and shows the start of the first difference.
func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if text := difference(want, got); text != "" {
		t.Fatalf("%s: %s", what, text)
	}
}

// difference shows the start of the first difference between two lists of texts; it is empty when there is none.
func difference(want, got []string) string {
	for i := range max(len(want), len(got)) {
		w, g := "nothing", "nothing"
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			return fmt.Sprintf("row %d of %d/%d\nwant %.600s\n got %.600s", i, len(want), len(got), w, g)
		}
	}
	return ""
}

// identical fails the test when two dumps differ, and shows the first lines that do.
func identical(t *testing.T, before, after string) {
	t.Helper()
	if before != after {
		same(t, "the dump differs", strings.Split(before, "\n"), strings.Split(after, "\n"))
	}
}

// number returns the whole number in an environment variable, or the default.
func number(t *testing.T, variable string, byDefault int) int {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		return byDefault
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}
