package test

import (
	"context"
	"fmt"
	"math/rand/v2"
	osexec "os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
)

const databaseVersion = `SELECT version::text FROM coco.state`

func TestTheDatabaseItselfKnowsItsVersion(t *testing.T) {
	t.Parallel()
	conn := engine(t, enginedb.Sample()).Connect(t.Context())
	up(t, conn, 0, 1)
	for version := versionExpand; version <= versionRetire; version++ {
		up(t, conn, version-1, version)
		same(t, "the version after up", []string{strconv.Itoa(version)}, query(t, conn, databaseVersion))
	}
	for version := versionRetire; version > versionExpand; version-- {
		down(t, conn, version, version-1)
		same(t, "the version after down", []string{strconv.Itoa(version - 1)}, query(t, conn, databaseVersion))
	}
}

// mark makes the version table what the stock program leaves when it is killed around a migration's transaction.
func mark(t *testing.T, db *testdb.DB, version int, dirty bool) {
	t.Helper()
	conn := db.Connect(t.Context())
	exec(t, conn, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL);
		DELETE FROM schema_migrations; INSERT INTO schema_migrations VALUES (%d, %t)`, version, dirty))
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestADirtyMarkIsResolvedWhereTheDatabaseProvesItsVersion(t *testing.T) {
	t.Parallel()
	fresh := engine(t, enginedb.Sample(), enginedb.DecorateSQL())
	before := fresh.Dump(t)
	upgradeTool(t, fresh.URL, exitDone, "up")
	want := upgradedDump(t, fresh)
	for version := range versionRetire + 1 {
		for _, marked := range []int{version - 1, version, version + 1} {
			if marked > versionRetire || version == 0 && marked == 0 {
				continue
			}
			t.Run(fmt.Sprintf("at %d, marked %d", version, marked), func(t *testing.T) {
				t.Parallel()
				for _, way := range []string{"up", "down"} {
					db := engine(t, enginedb.Sample(), enginedb.DecorateSQL())
					conn := db.Connect(t.Context())
					up(t, conn, 0, version)
					if err := conn.Close(t.Context()); err != nil {
						t.Fatal(err)
					}
					mark(t, db, marked, true)
					at := fmt.Sprintf("at version %d", version)
					if version <= 1 && marked <= 1 { // the first migration changes nothing here: none and 1 are the same
						at = "not upgraded at all"
					}
					upgradeTool(t, db.URL, exitPending, "status").says(t, "the migrate program broke off", "the database is "+at)
					if way == "up" {
						upgradeTool(t, db.URL, exitDone, "up").says(t, "the mark is gone")
						upgradeTool(t, db.URL, exitDone, "status")
						upgradeTool(t, db.URL, exitDone, "verify")
						same(t, "the upgraded database", want, upgradedDump(t, db))
					} else {
						upgradeTool(t, db.URL, exitDone, "down", "--yes").says(t, "the mark is gone")
						identical(t, before, db.Dump(t))
					}
				}
			})
		}
	}
}

func TestADirtyMarkThatNothingProvesIsExplained(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version, marked int
		script, says    string
	}{
		"a mark from elsewhere":        {versionProve, 9, ``, `"migrate force 5"`},
		"no version in the database":   {versionProve, 5, `ALTER TABLE coco.state DROP COLUMN version`, `"migrate force VERSION"`},
		"no schema coco any more":      {versionProve, 5, `DROP SCHEMA coco CASCADE`, `"migrate force VERSION"`},
		"the first one, far from here": {versionProve, 1, ``, `"migrate force 5"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := upgraded(t, test.version)
			conn := db.Connect(t.Context())
			exec(t, conn, test.script)
			mark(t, db, test.marked, true)
			dump := db.Dump(t)
			for _, command := range []string{"status", "up", "down --yes", "verify"} {
				upgradeTool(t, db.URL, exitFailure, strings.Fields(command)...).
					says(t, fmt.Sprintf("version %d is marked dirty", test.marked), test.says)
			}
			identical(t, dump, db.Dump(t))
		})
	}
}

var statementOfHint = regexp.MustCompile(`psql -c '([^']*)'`)

func TestAVersionTableThatContradictsTheDatabaseIsRefusedAndTheHintMendsIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		script, says string
		left         int // the exit code of status when the hint was followed
	}{
		"forced behind":       {`UPDATE schema_migrations SET version = 3`, "says version 3, but the database itself is at version 5", exitPending},
		"forced ahead":        {`UPDATE schema_migrations SET version = 9`, "says version 9, but the database itself is at version 5", exitPending},
		"forced to nothing":   {`TRUNCATE schema_migrations`, "missing or empty, but the database itself is at version 5", exitPending},
		"the table dropped":   {`DROP TABLE schema_migrations`, "missing or empty, but the database itself is at version 5", exitPending},
		"schema coco dropped": {`DROP SCHEMA coco CASCADE; DROP TABLE command_entities`, "says version 5, but the database has no schema coco", exitPending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := upgraded(t, versionProve)
			mark(t, db, versionProve, false)
			conn := db.Connect(t.Context())
			exec(t, conn, test.script)
			dump := db.Dump(t)
			for _, command := range []string{"status", "up", "down --yes", "verify"} {
				upgradeTool(t, db.URL, exitFailure, strings.Fields(command)...).says(t, test.says)
			}
			identical(t, dump, db.Dump(t))

			hint := statementOfHint.FindStringSubmatch(upgradeTool(t, db.URL, exitFailure, "up").output())
			if hint == nil {
				t.Fatal("the hint has no statement")
			}
			exec(t, conn, hint[1])
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			upgradeTool(t, db.URL, test.left, "status")
			upgradeTool(t, db.URL, exitDone, "up")
			upgradeTool(t, db.URL, exitDone, "verify")
		})
	}
}

// killsOfTheStockProgram is how often each way is killed.
const killsOfTheStockProgram = 8

func TestTheStockProgramKilledAtAnyMomentIsContinued(t *testing.T) {
	t.Parallel()
	program := stockProgram(t)
	fresh := testdb.New(t, testdb.Options{Template: workload(nil)})
	before := fresh.Dump(t)
	upgradeTool(t, fresh.URL, exitDone, "up")
	want := upgradedDump(t, fresh)
	random := rand.New(rand.NewPCG(11, 12))
	for i := range killsOfTheStockProgram {
		// It takes about half a second; the first kills come before it has connected.
		after := time.Duration(20+i*70+random.IntN(70)) * time.Millisecond
		t.Run(fmt.Sprintf("up, after %s", after), func(t *testing.T) {
			t.Parallel()
			db := testdb.New(t, testdb.Options{Template: workload(nil)})
			killStock(t, program, db, after, "up")
			upgradeTool(t, db.URL, exitDone, "up")
			upgradeTool(t, db.URL, exitDone, "verify")
			same(t, "the upgraded database", want, upgradedDump(t, db))
			nothingLeft(t, db)
		})
		t.Run(fmt.Sprintf("down, after %s", after), func(t *testing.T) {
			t.Parallel()
			db := testdb.New(t, testdb.Options{Template: workload(nil)})
			upgradeTool(t, db.URL, exitDone, "up")
			killStock(t, program, db, after, "down", "-all")
			upgradeTool(t, db.URL, exitDone, "down", "--yes")
			identical(t, before, db.Dump(t, "--exclude-table=public.schema_migrations"))
			nothingLeft(t, db)
		})
	}
}

// killStock starts the stock program and kills it; the server may go on with the file that it was given.
func killStock(t *testing.T, program string, db *testdb.DB, after time.Duration, arguments ...string) {
	t.Helper()
	url := "pgx5" + strings.TrimPrefix(db.URL, "postgres")
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	cmd := osexec.CommandContext(ctx, program, append([]string{"-path", "sql/schema", "-database", url}, arguments...)...)
	cmd.Dir = ".."
	output, err := cmd.CombinedOutput()
	conn := db.Connect(t.Context())
	left := []string{"no version table"}
	if query(t, conn, `SELECT to_regclass('schema_migrations')::text`)[0] != "NULL" {
		left = query(t, conn, `SELECT version || CASE WHEN dirty THEN ' dirty' ELSE '' END FROM schema_migrations`)
	}
	t.Logf("%v, left %v\n%s", err, left, output)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTheStockProgramThatFailedInTheMiddleIsContinued(t *testing.T) {
	t.Parallel()
	program := stockProgram(t)
	db := engine(t, enginedb.Sample(), enginedb.DecorateSQL())
	before := db.Dump(t)
	conn := db.Connect(t.Context())
	if output, err := stock(t, program, "pgx5", db, "goto", "5"); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	exec(t, conn, `CREATE FUNCTION insertasync_tasks(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'`)
	if output, err := stock(t, program, "pgx5", db, "up"); err == nil || !strings.Contains(output, "overloads") {
		t.Fatalf("%v\n%s", err, output)
	}
	same(t, "the version that the stock program leaves", []string{"6 dirty"},
		query(t, conn, `SELECT version || CASE WHEN dirty THEN ' dirty' ELSE '' END FROM schema_migrations`))
	exec(t, conn, `DROP FUNCTION insertasync_tasks(integer)`)
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	upgradeTool(t, db.URL, exitPending, "status", "--json").says(t, `"dirty":{"marked":6,"proven":5}`)
	upgradeTool(t, db.URL, exitDone, "up", "--json").says(t, `"event":"dirty_resolved"`)
	upgradeTool(t, db.URL, exitDone, "verify")
	upgradeTool(t, db.URL, exitDone, "down", "--yes")
	identical(t, before, db.Dump(t))
}
