package enginedb_test

import (
	"context"
	_ "embed"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
)

var update = flag.Bool("update", false, "write the golden files anew")

//go:embed testdata/functions.sql
var functionsQuery string

//go:embed testdata/tables.sql
var tablesQuery string

func TestFunctionsHaveTheEnginesSignatures(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	golden(t, "functions.golden", lines(t, conn, functionsQuery))
}

func TestTablesHaveTheEnginesShape(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	golden(t, "tables.golden", lines(t, conn, tablesQuery))
}

func TestFixtureIsAtTheLastVersionOf34(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	var version string
	var last bool
	const query = `SELECT version, id = (SELECT max(id) FROM schema_version) FROM schema_version WHERE current`
	if err := conn.QueryRow(t.Context(), query).Scan(&version, &last); err != nil {
		t.Fatal(err)
	}
	if version != "03040810" || !last {
		t.Errorf("current version is %s (last row: %t), want 03040810 in the last row", version, last)
	}
}

func TestFixtureBelongsToWhoLoadsIt(t *testing.T) {
	t.Parallel()
	conn := empty(t)
	ctx := t.Context()
	name := conn.Config().Database + "_owner"
	owner := pgx.Identifier{name}.Sanitize()
	exec(t, conn, "CREATE ROLE "+owner)
	t.Cleanup(func() {
		for _, sql := range []string{"RESET ROLE", "DROP OWNED BY " + owner, "DROP ROLE " + owner} {
			if _, err := conn.Exec(context.Background(), sql); err != nil {
				t.Error(err)
			}
		}
	})
	exec(t, conn, "GRANT CREATE ON SCHEMA public TO "+owner)
	exec(t, conn, "SET ROLE "+owner)
	if err := enginedb.Load(ctx, conn); err != nil {
		t.Fatal(err)
	}
	const query = `
		SELECT count(*), count(*) FILTER (WHERE owner <> current_user::regrole)
		FROM (SELECT relowner AS owner FROM pg_class WHERE relnamespace = 'public'::regnamespace
		      UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		      UNION ALL SELECT typowner FROM pg_type WHERE typnamespace = 'public'::regnamespace) AS o`
	var all, foreign int
	if err := conn.QueryRow(ctx, query).Scan(&all, &foreign); err != nil {
		t.Fatal(err)
	}
	if all == 0 || foreign != 0 {
		t.Errorf("%d of %d objects belong to somebody else", foreign, all)
	}
}

func TestFailedLoadLeavesNothing(t *testing.T) {
	t.Parallel()
	conn := empty(t)
	exec(t, conn, "CREATE FUNCTION deletejob(v_job_id uuid) RETURNS void LANGUAGE sql AS ''")
	if err := enginedb.Load(t.Context(), conn); err == nil {
		t.Fatal("Load succeeded over a function of the same name")
	}
	if got := number(t, conn, `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`); got != 0 {
		t.Errorf("%d relations are left behind", got)
	}
}

// engine is a connection to a new database with the fixture.
func engine(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := empty(t)
	if err := enginedb.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func number(t *testing.T, conn *pgx.Conn, sql string, args ...any) int {
	t.Helper()
	var n int
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// lines is what a query of one text column returns.
func lines(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

func golden(t *testing.T, name string, got []string) {
	t.Helper()
	text := strings.Join(got, "\n") + "\n"
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs; got:\n%s", path, text)
	}
}
