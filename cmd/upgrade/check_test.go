package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
)

func TestCheckSaysAtTheEndWhatUpWouldComeTo(t *testing.T) {
	db := engine(t)
	got := want(t, exitDone, "check")
	got.says(t, "engine 3.4, schema_version 03040810", "not begun, 10 steps pending", "nobody else", "placeholder", "free for new tables")
	wantLast(t, got, `go  "upgrade up" would go`)

	other := db.Connect(t.Context())
	wantLast(t, want(t, exitPending, "check"), "stop  \"upgrade up\" would stop before retire: others are connected; \"upgrade up --to contract\" would go")
	wantLast(t, want(t, exitDone, "check", "--to", "contract"), `go  "upgrade up --to contract" would go`)
	if err := other.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	execute(t, db, `CREATE OR REPLACE FUNCTION fn_db_get_async_tasks() RETURNS SETOF async_tasks_info_rs LANGUAGE sql AS 'SELECT NULL::async_tasks_info_rs'`)
	alone(t, db)
	wantLast(t, want(t, exitDrift, "check"), `decision  "upgrade up": 1 decision to make first`)

	execute(t, db, `CREATE VIEW texts AS SELECT action_parameters FROM async_tasks; CREATE INDEX roots ON async_tasks (root_command_id)`)
	alone(t, db)
	got = want(t, exitFailure, "check")
	got.says(t, "view texts depends on column action_parameters", "index roots depends on column root_command_id", "hint: Drop it before the upgrade")
	wantLast(t, got, `refused  "upgrade up" would refuse: 2 reasons above`)
	quiet := want(t, exitFailure, "check", "--quiet")
	if quiet.stdout != "" || len(strings.Split(strings.TrimSpace(quiet.stderr), "\n")) != 6 {
		t.Errorf("quiet: %q, %q", quiet.stdout, quiet.stderr)
	}
	for n, line := range strings.Split(strings.TrimSpace(quiet.stderr), "\n") {
		if begin := []string{"upgrade: ", "hint: "}[n%2]; !strings.HasPrefix(line, begin) {
			t.Errorf("quiet, line %d does not begin with %q: %s", n+1, begin, line)
		}
	}
	up := want(t, exitFailure, "up")
	up.says(t, "index roots depends on column root_command_id", `1 more: "upgrade check" lists them all`)
}

// wantLast checks the last line of stdout.
func wantLast(t *testing.T, got outcome, line string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	if last := lines[len(lines)-1]; last != line {
		t.Errorf("it ends with %q, want %q:\n%s", last, line, got.stdout)
	}
}

func TestCheckSaysThatUpPutsProceduresRightWhereNoStepIsLeft(t *testing.T) {
	db := engine(t)
	want(t, exitDone, "up", "--to", "contract")
	got := want(t, exitDone, "check", "--to", "contract")
	got.says(t, "nothing is left to do")
	wantLast(t, got, "go  nothing to do: the database is at contract")

	execute(t, db, `DROP FUNCTION getallfromasync_tasks()`)
	alone(t, db)
	got = want(t, exitDone, "check", "--to", "contract")
	got.says(t, "a procedure of coco is missing: public.getallfromasync_tasks()")
	wantLast(t, got, `go  "upgrade up --to contract" would go`)
	want(t, exitDone, "up", "--to", "contract").says(t, "1 procedure put right")
	alone(t, db)
	wantLast(t, want(t, exitDone, "check", "--to", "contract"), "go  nothing to do: the database is at contract")
}

func TestCheckOfADatabaseThatIsNoEngines(t *testing.T) {
	clearEnvironment(t)
	db := testdb.New(t, testdb.Options{})
	t.Setenv("DATABASE_URL", db.URL)
	want(t, exitDone, "check").says(t, "none: the database is empty", "a fresh installation")
	execute(t, db, `CREATE TABLE orders (id integer)`)
	want(t, exitFailure, "check", "--to", "contract").says(t, "none: the database is something else's", "this is no engine database: it has tables, but no async_tasks")
	execute(t, db, `CREATE TABLE async_tasks (task_id text); CREATE TABLE command_entities (id uuid)`)
	want(t, exitFailure, "check", "--to", "contract").says(t, "engine 3.5 or later", "from 3.5 on there is nothing to do")
}

func TestCheckNamesLongTransactionsAndPreparedOnes(t *testing.T) {
	db := engine(t)
	conn := db.Connect(t.Context())
	if _, err := conn.Exec(t.Context(), fmt.Sprintf(`BEGIN; SELECT count(*) FROM async_tasks; CREATE TABLE t (n integer); PREPARE TRANSACTION '%s'`, db.Name),
		pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `BEGIN; SELECT 1`, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	want(t, exitDone, "check", "--to", "contract").says(t, "none older than 1m00s")
	want(t, exitUsage, "check", "--long-transaction", "0s")
	time.Sleep(10 * time.Millisecond)
	want(t, exitDone, "check", "--to", "contract", "--long-transaction", "10ms").says(t, "2 older than 10ms", "prepared transaction", "idle in transaction",
		"the switch phase waits for the end of such ones")
}

func TestCheckInJSONHasThisShape(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	db := engine(t)
	t.Chdir(here) // where the golden file is
	db.Connect(t.Context())
	execute(t, db, `CREATE VIEW texts AS SELECT action_parameters FROM async_tasks`)
	got := want(t, exitFailure, "check", "--json")
	list := events(t, got)
	if len(list) != 1 || list[0]["event"] != "check" || list[0]["verdict"] != "refused" || list[0]["exit_code"] != float64(exitFailure) {
		t.Fatalf("%s", got.stdout)
	}
	golden(t, "check-json.golden", strings.Join(shape("", list[0]), "\n")+"\n")
}

// shape lists the paths of an object with the kinds of their values.
func shape(path string, value any) []string {
	var lines []string
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			lines = append(lines, shape(path+"."+name, member)...)
		}
	case []any:
		if len(v) == 0 {
			lines = append(lines, path+"[] none")
		}
		for _, element := range v {
			lines = append(lines, shape(path+"[]", element)...)
		}
	default:
		kind := map[string]string{"string": "string", "float64": "number", "bool": "boolean"}[fmt.Sprintf("%T", v)]
		lines = append(lines, path+" "+cmp.Or(kind, "null"))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}
