package test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

// way is how a backup is made and restored.
type way struct {
	dump, restore []string // arguments of pg_dump and pg_restore; without the latter it is a plain dump
	owner         string
}

var ways = map[string]way{
	"a plain dump":                  {owner: ephemeral.Superuser},
	"a custom dump":                 {dump: []string{"--format=custom"}, restore: []string{"--exit-on-error"}, owner: ephemeral.Superuser},
	"a custom dump, of another one": {dump: []string{"--format=custom"}, restore: []string{"--exit-on-error", "--no-owner"}, owner: "coco_test_restorer"},
}

// restoreCopy restores a backup of a database into a new one on the same server.
func restoreCopy(t *testing.T, db *testdb.DB, w way) *testdb.DB {
	t.Helper()
	db.NeedPgDump(t)
	dump, err := db.Server.Command(t.Context(), db.Name, "pg_dump", w.dump...).Output()
	if err != nil {
		t.Fatal(err)
	}
	target := testdb.New(t, testdb.Options{})
	conn := target.Connect(t.Context())
	if w.owner != ephemeral.Superuser {
		exec(t, conn, fmt.Sprintf(`DO $$ BEGIN CREATE ROLE %[1]s LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
			GRANT CREATE ON SCHEMA public TO %[1]s; GRANT CREATE ON DATABASE %[2]s TO %[1]s`, w.owner, pgx.Identifier{target.Name}.Sanitize()))
	}
	cmd := target.Server.Command(t.Context(), target.Name, "psql", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1")
	if w.restore != nil {
		args := append([]string{"--dbname=" + target.Name, "--username=" + w.owner}, w.restore...)
		cmd = target.Server.Command(t.Context(), target.Name, "pg_restore", args...)
		if _, err := os.Stat(cmd.Path); err != nil {
			t.Skipf("some packages of PostgreSQL come without it: %v", err)
		}
		if w.owner != ephemeral.Superuser { // the comments on public and its like are the superuser's
			cmd.Args = append(cmd.Args, "--no-comments")
		}
	}
	cmd.Stdin = bytes.NewReader(dump)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("restore: %v\n%.2000s", err, output)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return target
}

// inTheMiddle takes a database to a version and lets an engine write, so that the change log is filled; at version 2 a part of the
// rows has been copied.
func inTheMiddle(t *testing.T, db *testdb.DB, version int) {
	t.Helper()
	conn := migrated(t, db, version)
	if version == versionExpand {
		exec(t, conn, `SELECT coco.backfill(30); SELECT coco.backfill(30); SELECT coco.backfill(30)`)
	}
	p := &player{hostile: newHostile(uint64(version)), databases: []*pgx.Conn{conn}}
	if version <= versionContract {
		p.play(t, 30)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestABackupFromTheMiddleOfAnUpgradeIsRecognisedAndContinued(t *testing.T) {
	t.Parallel()
	for version := 1; version <= versionRetire; version++ {
		for name, w := range ways {
			if name != "a custom dump" && version != versionExpand && version != versionSwitch && version != versionContract {
				continue
			}
			t.Run(fmt.Sprintf("version %d/%s", version, name), func(t *testing.T) {
				t.Parallel()
				var compared []string
				if w.owner != ephemeral.Superuser { // its restore brings no comments, which are kept beside the grants
					compared = []string{"--no-owner", "--no-privileges", "--no-comments", "--exclude-table-data=coco.column_kept"}
				}
				undisturbed := engine(t, enginedb.Sample(), enginedb.DecorateSQL())
				inTheMiddle(t, undisturbed, version)
				once, twice := restoreCopy(t, undisturbed, w), restoreCopy(t, undisturbed, w)
				exit := exitPending
				if version == versionRetire {
					exit = exitDone
				}
				status := upgradeTool(t, once.URLFor(w.owner), exit, "status")
				if version >= versionExpand {
					status.says(t, "restored from another database")
				}
				upgradeTool(t, undisturbed.URL, exitDone, "up")
				upgradeTool(t, once.URLFor(w.owner), exitDone, "up")
				for _, db := range []*testdb.DB{undisturbed, once} {
					same(t, "called a copy", nil, of(upgradeTool(t, db.URL, exitDone, "status").output(), "restored from"))
					upgradeTool(t, db.URL, exitDone, "verify")
				}
				if version == versionExpand { // the copy of the rows begins anew, so that what has changed meanwhile may be archived otherwise
					same(t, "all tasks", everyValue(t, undisturbed), everyValue(t, once))
				} else {
					same(t, "the upgraded database", withoutPlaces(upgradedDump(t, undisturbed, compared...)),
						withoutPlaces(upgradedDump(t, once, compared...)))
				}

				upgradeTool(t, undisturbed.URL, exitDone, "down", "--yes")
				upgradeTool(t, twice.URLFor(w.owner), exitDone, "down", "--yes")
				upgradeTool(t, once.URLFor(w.owner), exitDone, "down", "--yes")
				want := sortedDump(t, undisturbed, compared...)
				same(t, "the copy after up and down", want, sortedDump(t, once, compared...))
				same(t, "the copy after down alone", want, sortedDump(t, twice, compared...))
			})
		}
	}
}

// tuplePlace is where the copy has found a task: elsewhere in a restored table.
var tuplePlace = regexp.MustCompile(`\t\(\d+,\d+\)\t`)

func withoutPlaces(dump []string) []string {
	for i := range dump {
		dump[i] = tuplePlace.ReplaceAllString(dump[i], "\t(,)\t")
	}
	return dump
}

// TestARestoredCopyIsComparedAgain: what the log and the triggers of the other database have seen says nothing about this one.
func TestARestoredCopyIsComparedAgain(t *testing.T) {
	t.Parallel()
	for _, version := range []int{versionProve, versionMirror, versionGetters, versionSwitch} {
		for name, test := range map[string]struct{ script, says string }{
			"a row changed while the triggers were off": {`
				ALTER TABLE command_entities DISABLE TRIGGER ALL;
				UPDATE command_entities SET action_parameters = 'changed' WHERE action_parameters IS NOT NULL;
				ALTER TABLE command_entities ENABLE TRIGGER ALL;
				ALTER TABLE command_entities ENABLE ALWAYS TRIGGER coco_log_commands;
				ALTER TABLE command_entities ENABLE ALWAYS TRIGGER coco_log_commands_truncate`, "its command's values are not those"},
			"a trigger that was not restored": {`DROP TRIGGER coco_log_tasks ON async_tasks`, "is missing or disabled"},
			"a trigger that fires sometimes":  {`ALTER TABLE async_tasks ENABLE TRIGGER coco_log_tasks`, "is missing or disabled"},
		} {
			t.Run(fmt.Sprintf("version %d/%s", version, name), func(t *testing.T) {
				t.Parallel()
				source := engine(t, enginedb.Sample())
				inTheMiddle(t, source, version)
				db := restoreCopy(t, source, ways["a plain dump"])
				conn := db.Connect(t.Context())
				exec(t, conn, test.script)
				if err := conn.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				dump := db.Dump(t)
				output := upgradeTool(t, db.URL, exitDrift, "up").output()
				if !strings.Contains(output, test.says) && !strings.Contains(output, "would give back other values") {
					t.Errorf("it does not say %q:\n%s", test.says, output)
				}
				identical(t, dump, db.Dump(t))
			})
		}
	}
}

// TestARestoredCopyWaitsForNobodyOfTheOtherDatabase: a transaction that is open there, and that a step there waits for, is none of
// its business, and transactions that are open here are.
func TestARestoredCopyWaitsForNobodyOfTheOtherDatabase(t *testing.T) {
	t.Parallel()
	source := engine(t, enginedb.Sample())
	open := source.Connect(t.Context())
	exec(t, open, `BEGIN; SELECT count(*) FROM storage_pool`)
	conn := migrated(t, source, versionMirror)
	exec(t, conn, `SELECT coco.begin_drain(6)`)
	same(t, "waited for in the source", []string{"1"}, query(t, conn, `SELECT count(*)::text FROM coco.drain_blockers(6)`))
	for _, program := range []string{"the library", "SQL alone"} {
		db := restoreCopy(t, source, ways["a plain dump"])
		if program == "the library" {
			upgradeTool(t, db.URL, exitDone, "up", "--drain-budget", "2s")
		} else {
			up(t, db.Connect(t.Context()), versionMirror, versionRetire)
		}
	}
}

func TestTriggersOfARestoredCopyFireAlways(t *testing.T) {
	t.Parallel()
	source := engine(t, enginedb.Sample())
	inTheMiddle(t, source, versionMirror)
	const always = `SELECT tgname::text FROM pg_trigger WHERE tgname LIKE 'coco%' AND tgenabled = 'A' ORDER BY 1`
	want := query(t, source.Connect(t.Context()), always)
	if len(want) != 8 {
		t.Fatalf("triggers: %q", want)
	}
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			same(t, "triggers", want, query(t, restoreCopy(t, source, w).Connect(t.Context()), always))
		})
	}
}
