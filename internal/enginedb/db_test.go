package enginedb_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// empty is a connection to a new database without anything in it.
func empty(t *testing.T) *pgx.Conn {
	t.Helper()
	return testdb.New(t, testdb.Options{}).Connect(t.Context())
}

func TestPsqlLoadsTheScriptsAsPgxDoes(t *testing.T) {
	t.Parallel()
	byPsql, byPgx := testdb.New(t, testdb.Options{}), testdb.New(t, testdb.Options{})
	byPsql.NeedPgDump(t)
	conn := byPgx.Connect(t.Context())
	file := filepath.Join(t.TempDir(), "script.sql")
	for _, step := range []struct {
		script string
		load   func(context.Context, *pgx.Conn) error
	}{
		{enginedb.FixtureSQL(), enginedb.Load},
		{enginedb.Sample(), enginedb.LoadSample},
		{enginedb.DecorateSQL(), enginedb.Decorate},
	} {
		if err := step.load(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(step.script), 0o600); err != nil {
			t.Fatal(err)
		}
		byPsql.Psql(t, file)
	}
	for _, args := range [][]string{{"--schema-only"}, {"--data-only", "--table=async_tasks*"}} {
		if byPsql.Dump(t, args...) != byPgx.Dump(t, args...) {
			t.Errorf("pg_dump %q tells the two databases apart", args)
		}
	}
}
