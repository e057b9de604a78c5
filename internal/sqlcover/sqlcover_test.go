package sqlcover_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/sqlcover"
)

// A procedure whose last statement nothing reaches, and one that is replaced.
const (
	first = `CREATE SCHEMA coco;
CREATE FUNCTION coco.sign(n integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF n < 0 THEN
        RAISE EXCEPTION 'negative';
    ELSIF n = 0 THEN
        RETURN 0;
    END IF;
    RETURN 1;
    RETURN 2;
END;
$$;
CREATE FUNCTION coco.grow() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RETURN 1;
END;
$$;
CREATE FUNCTION coco.query() RETURNS integer LANGUAGE sql AS 'SELECT 1';`
	second = `CREATE OR REPLACE FUNCTION coco.grow() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF random() < 2 THEN
        RETURN 2;
    END IF;
    RETURN 3;
END;
$$;`
)

func TestAStatementThatNothingReachesIsReported(t *testing.T) {
	t.Parallel()
	dir := measure(t, []string{first, `SELECT coco.sign(0)`, `SELECT coco.sign(-1)`, `BEGIN; SELECT coco.sign(1); ROLLBACK`,
		`SELECT coco.grow()`, second, `SELECT coco.grow()`})
	counts, err := sqlcover.ReadCounts(dir)
	if err != nil {
		t.Fatal(err)
	}
	procedures, err := sqlcover.Procedures(t.Context(), fstest.MapFS{
		"000001_first.up.sql": {Data: []byte(first)}, "000002_second.up.sql": {Data: []byte(second)},
	})
	if err != nil {
		t.Fatal(err)
	}
	counts.Fill(procedures)

	known := `# why
		coco.sign(integer) | RETURN 2; | nothing comes here
		coco.grow() | else of IF random() < 2 THEN | no number is that large
		coco.grow() | RETURN 3; | no number is that large`
	for _, test := range []struct {
		name, exceptions string
		want             []string
		fails            bool
	}{
		{"what is not run is named", "", []string{
			"NOT RUN: coco.sign(integer), 000001_first, line 9: RETURN 2;", "NOT RUN: coco.grow(), 000002_second, line 3: else of IF",
			"       5/6      3/3 coco.sign(integer), 000001_first", "       2/2      0/0 coco.grow(), 000001_first",
			"       3/4      1/2 coco.grow(), 000002_second", "     10/12      4/5 all 3 procedures in PL/pgSQL; 1 more are one query each",
		}, true},
		{"unless its reason is known", known, []string{"every statement and branch has run but 3"}, false},
		{"a reason that holds no longer", known + "\ncoco.sign(integer) | RETURN 0; | -", []string{"STALE: the exception of coco.sign(integer): RETURN 0;"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			exceptions, err := sqlcover.ReadExceptions(test.exceptions)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := sqlcover.Report(&out, procedures, exceptions); errors.Is(err, sqlcover.ErrGaps) != test.fails {
				t.Errorf("error %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is not in\n%s", want, &out)
				}
			}
		})
	}
}

func TestNoCountsAreAnError(t *testing.T) {
	t.Parallel()
	if _, err := sqlcover.ReadCounts(t.TempDir()); err == nil {
		t.Error("an empty directory passes for a measurement")
	}
	file := filepath.Join(t.TempDir(), "counts")
	if err := os.WriteFile(file, []byte("coco.sign(integer)|hash|one|1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlcover.ReadCounts(filepath.Dir(file)); err == nil {
		t.Error("a line without a number passes for a count")
	}
	if _, err := sqlcover.ReadExceptions("coco.sign(integer) | RETURN 2;"); err == nil {
		t.Error("an exception without a reason passes")
	}
}

// measure runs scripts on a server that counts, whether they fail or not, and returns the directory of the counts.
func measure(t *testing.T, scripts []string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "counts") //nolint:usetesting // the server must get in, which may run as somebody else
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { // the server may run as somebody else
		t.Fatal(err)
	}
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{Settings: sqlcover.Settings()})
	if err != nil {
		if sqlcover.Dir() == "" && strings.Contains(err.Error(), `could not access file "plpgsql_check"`) {
			t.Skip("this server has no plpgsql_check; make cover-sql installs it")
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.WithoutCancel(t.Context())) })
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := sqlcover.Install(t.Context(), conn, dir); err != nil {
		t.Fatal(err)
	}
	for _, script := range scripts {
		_, err := conn.PgConn().Exec(t.Context(), script).ReadAll()
		if err != nil && !strings.Contains(err.Error(), "negative") {
			t.Fatalf("%s: %v", script, err)
		}
	}
	if err := sqlcover.Collect(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	return dir
}
