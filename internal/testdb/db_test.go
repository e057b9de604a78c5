package testdb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

// childEnv names what the test binary does when a test runs it again.
const childEnv = "COCO_TESTDB_CHILD"

func TestMain(m *testing.M) { testdb.Main(m) }

func TestEveryTestHasItsOwnDatabase(t *testing.T) {
	first, second := testdb.New(t, testdb.Options{}), testdb.New(t, testdb.Options{})
	if first.Name == second.Name || first.Server != second.Server {
		t.Fatalf("databases %s and %s on servers %p and %p", first.Name, second.Name, first.Server, second.Server)
	}
	run(t, first.URL, "CREATE TABLE here ()")
	run(t, second.URL, "CREATE TABLE here ()")
}

func TestDatabaseIsGoneAfterItsTest(t *testing.T) {
	var db *testdb.DB
	t.Run("a test called O'Brien, \"in quotes\" and quite long "+strings.Repeat("ö", 60), func(t *testing.T) {
		db = testdb.New(t, testdb.Options{})
		conn := db.Connect(t.Context())
		// Left open, both of them: a connection and a prepared transaction.
		for _, sql := range []string{"BEGIN", "CREATE TABLE t ()", "PREPARE TRANSACTION 'left behind'"} {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
		}
	})
	if conn, err := pgx.Connect(t.Context(), db.URL); err == nil {
		conn.Close(t.Context())
		t.Errorf("database %s is still there", db.Name)
	}
}

func TestTemplateIsBuiltOnceForEachContent(t *testing.T) {
	var built atomic.Int32
	run := time.Now().String() // with -count, templates of the run before are still there
	template := func(content string) testdb.Template {
		return testdb.Template{
			Name: t.Name(), Hash: testdb.Hash(content, run),
			Build: func(ctx context.Context, url string) error {
				built.Add(1)
				return exec1(ctx, url, fmt.Sprintf("CREATE TABLE content AS SELECT '%s' AS text", content))
			},
		}
	}
	t.Run("copies", func(t *testing.T) {
		for i := range 6 {
			content := []string{"one", "two"}[i%2]
			t.Run(content, func(t *testing.T) {
				t.Parallel()
				conn := testdb.New(t, testdb.Options{Template: template(content)}).Connect(t.Context())
				var got string
				if err := conn.QueryRow(t.Context(), "SELECT text FROM content").Scan(&got); err != nil || got != content {
					t.Errorf("content %q, %v", got, err)
				}
			})
		}
	})
	if got := built.Load(); got != 2 {
		t.Errorf("built %d times", got)
	}
}

func TestHashTellsPartsApart(t *testing.T) {
	if testdb.Hash("ab", "c") == testdb.Hash("a", "bc") {
		t.Error("the same text in other parts has the same hash")
	}
}

func TestTemplateThatEndsItsTestFailsTheOthersToo(t *testing.T) {
	out := runAgain(t, "TestChildBuildEndsTheTest", 1)
	if got := strings.Count(out, "build template rude"); got != 1 {
		t.Errorf("reported %d times, want for the second test:\n%s", got, out)
	}
}

func TestFailureToBuildFailsTheTest(t *testing.T) {
	out := runAgain(t, "TestChildBuildFails", 1)
	if got := strings.Count(out, "build template broken: no such thing"); got != 2 {
		t.Errorf("reported %d times, want for both tests:\n%s", got, out)
	}
}

var things = testdb.Template{Name: "dump", Hash: "1", Build: func(ctx context.Context, url string) error {
	return exec1(ctx, url, "CREATE TABLE things AS SELECT 42 AS n")
}}

func TestDumpsOfEqualDatabasesAreEqual(t *testing.T) {
	db, other := testdb.New(t, testdb.Options{Template: things}), testdb.New(t, testdb.Options{Template: things})

	dump := db.Dump(t)
	if !strings.Contains(strings.ToLower(dump), "table public.things") || !strings.Contains(dump, "42") {
		t.Fatalf("dump:\n%s", dump)
	}
	if other.Dump(t) != dump || db.Dump(t) != dump {
		t.Error("dumps of the same content differ")
	}
	if schema := db.Dump(t, "--schema-only"); strings.Contains(schema, "42") {
		t.Errorf("schema with data:\n%s", schema)
	}
	run(t, db.URL, "INSERT INTO things VALUES (43)")
	if db.Dump(t) == dump {
		t.Error("dumps of different content are equal")
	}
	if db.Dump(t, "--exclude-table-data=public.things") != other.Dump(t, "--exclude-table-data=public.things") ||
		strings.Contains(db.Dump(t, "--exclude-table=public.things"), "things") {
		t.Error("dumps tell what they are to leave out")
	}
}

func TestADumpCanBeLoadedAgain(t *testing.T) {
	db := testdb.New(t, testdb.Options{Template: things})
	db.NeedPgDump(t)
	dump := db.Dump(t)
	file := filepath.Join(t.TempDir(), "dump.sql")
	if err := os.WriteFile(file, []byte(dump), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded := testdb.New(t, testdb.Options{})
	loaded.Psql(t, file)
	if loaded.Dump(t) != dump {
		t.Error("the loaded dump is another database")
	}
}

func TestPsqlRunsAFileAsARole(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	const role = "testdb_psql_role"
	run(t, db.URL, "CREATE ROLE "+role+" LOGIN; CREATE SCHEMA theirs AUTHORIZATION "+role)
	t.Cleanup(func() {
		if err := exec1(context.Background(), db.URL, "DROP OWNED BY "+role+"; DROP ROLE "+role); err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(t.TempDir(), "file.sql")
	if err := os.WriteFile(file, []byte("CREATE TABLE theirs.t ();\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db.PsqlAs(t, role, file)
	var owner string
	err := db.ConnectAs(t.Context(), role).
		QueryRow(t.Context(), "SELECT tableowner FROM pg_tables WHERE schemaname = 'theirs'").Scan(&owner)
	if err != nil || owner != role {
		t.Errorf("owner %q, %v", owner, err)
	}
}

func TestErrorInAFileFailsTheTest(t *testing.T) {
	out := runAgain(t, "TestChildPsqlFails", 1)
	for _, part := range []string{"division by zero", "broken.sql:2"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in:\n%s", part, out)
		}
	}
}

func TestServerVersionComesFromTheEnvironment(t *testing.T) {
	out := runAgain(t, "TestChildUsesServer", 1, testdb.BinDirVariable+"="+t.TempDir())
	if !strings.Contains(out, ephemeral.ErrNoBinaries.Error()) {
		t.Errorf("output:\n%s", out)
	}
}

func TestMainStopsTheServer(t *testing.T) {
	out := runAgain(t, "TestChildUsesServer", 0)
	_, socket, _ := strings.Cut(out, "socket=")
	socket, _, ok := strings.Cut(socket, "\n")
	if !ok {
		t.Fatalf("output:\n%s", out)
	}
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: %v", socket, err)
	}
}

// The tests called TestChild… are run by others, in a process of their own.

func TestChildUsesServer(t *testing.T) {
	onlyAsChild(t)
	fmt.Fprintf(os.Stdout, "socket=%s\n", testdb.Server(t).Socket())
}

func TestChildBuildFails(t *testing.T) {
	onlyAsChild(t)
	for range 2 {
		t.Run("", func(t *testing.T) {
			testdb.New(t, testdb.Options{Template: testdb.Template{
				Name: "broken", Hash: "1",
				Build: func(context.Context, string) error { return errors.New("no such thing") },
			}})
			t.Error("unreachable")
		})
	}
}

func TestChildBuildEndsTheTest(t *testing.T) {
	onlyAsChild(t)
	for range 2 {
		t.Run("", func(t *testing.T) {
			testdb.New(t, testdb.Options{Template: testdb.Template{
				Name: "rude", Hash: "1",
				Build: func(context.Context, string) error {
					t.FailNow()
					return nil
				},
			}})
			t.Error("unreachable")
		})
	}
}

func TestChildPsqlFails(t *testing.T) {
	onlyAsChild(t)
	file := filepath.Join(t.TempDir(), "broken.sql")
	if err := os.WriteFile(file, []byte("SELECT 1;\nSELECT 1/0;\nSELECT 2;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	testdb.New(t, testdb.Options{}).Psql(t, file)
	t.Error("unreachable")
}

func onlyAsChild(t *testing.T) {
	t.Helper()
	if os.Getenv(childEnv) != t.Name() {
		t.Skip("run by another test")
	}
}

// runAgain runs one test of this binary in a new process and returns its output.
func runAgain(t *testing.T, name string, wantCode int, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+name+"$", "-test.v")
	cmd.Env = append(append(os.Environ(), childEnv+"="+name), env...)
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != wantCode {
		t.Fatalf("%s: exit code %d, want %d:\n%s", name, code, wantCode, out)
	}
	if strings.Contains(string(out), "unreachable") {
		t.Errorf("%s went on:\n%s", name, out)
	}
	return string(out)
}

func run(t *testing.T, url, sql string) {
	t.Helper()
	if err := exec1(t.Context(), url, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func exec1(ctx context.Context, url, sql string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(ctx, sql)
	return err
}

func BenchmarkNew(b *testing.B) {
	template := testdb.Template{Name: "bench", Hash: "1", Build: func(ctx context.Context, url string) error {
		return exec1(ctx, url, "CREATE TABLE t AS SELECT 42 AS n")
	}}
	for b.Loop() {
		testdb.New(b, testdb.Options{Template: template})
	}
}
