package judge_test

import (
	"os"
	"testing"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/judge"
)

// restored is a plain dump of a real engine's database, where there is one.
func restored(t *testing.T) *testdb.DB {
	t.Helper()
	file := os.Getenv("ENGINE_DUMP")
	if file == "" {
		t.Skip("ENGINE_DUMP names no dump")
	}
	db := testdb.New(t, testdb.Options{})
	db.NeedPgDump(t)
	run(t, db.Connect(t.Context()), `DO $$ BEGIN CREATE ROLE engine LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
	db.Psql(t, file)
	return db
}

func TestDumpOfARealEngineThatNobodyTouchesHasNothingToFix(t *testing.T) {
	conn := restored(t).Connect(t.Context())
	result := judged(t, judge.Facts{Before: side(t, conn), After: side(t, conn), Texts: []string{"SELECT 1"}})
	for _, f := range result.Findings {
		if f.Severity != finding.Note && f.Silenced == "" {
			t.Errorf("%s %s: %s", f.Severity, f.Rule, f.Summary)
		}
	}
	logged(t, result)
}

func TestDumpOfARealEngineTakesOwnPlanCleanly(t *testing.T) {
	db := restored(t)
	upgradable(t, db)
	result := judged(t, rehearsed(t, db, upgrade.Retire))
	for _, f := range result.Findings {
		if f.Severity != finding.Note && f.Silenced == "" {
			t.Errorf("%s %s: %s", f.Severity, f.Rule, f.Summary)
		}
	}
	logged(t, result)
}

// upgradable skips the test for a database that coco does not upgrade.
func upgradable(t *testing.T, db *testdb.DB) {
	t.Helper()
	version := ""
	if err := db.Connect(t.Context()).QueryRow(t.Context(), `SELECT version FROM public.schema_version WHERE current`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	if version >= "0305" {
		t.Skipf("coco does not upgrade a database of version %s", version)
	}
}

// What an upgrade did that just drops the columns, as the engine's own does.
func TestDumpOfARealEngineShowsWhatDroppingTheColumnsBreaks(t *testing.T) {
	db := restored(t)
	upgradable(t, db)
	conn := db.Connect(t.Context())
	const naive = `ALTER TABLE async_tasks DROP COLUMN action_parameters, DROP COLUMN action_params_class, DROP COLUMN task_parameters,
		DROP COLUMN task_params_class, DROP COLUMN root_command_id`
	facts := judge.Facts{Before: side(t, conn), Texts: []string{naive}}
	run(t, conn, naive)
	facts.After = side(t, conn)
	result := judged(t, facts)
	logged(t, result)
	dropped, forgotten := 0, false
	for _, f := range result.Findings {
		if f.Rule == "column-dropped" && f.Severity == finding.Decide {
			dropped++
		}
		forgotten = forgotten || f.Rule == "routine-fails" && f.Severity == finding.MustFix && f.Object.Name == "fn_db_get_async_tasks"
	}
	if !forgotten {
		t.Error("fn_db_get_async_tasks, which the engine's own upgrade forgot, is not found")
	}
	if dropped != 5 {
		t.Errorf("%d of 5 dropped columns are found", dropped)
	}
}

// logged tells what was looked at, and how much was found.
func logged(t *testing.T, result judge.Result) {
	t.Helper()
	for _, c := range result.Checks {
		t.Logf("%s %s: %s", c.State, c.ID, c.Summary)
	}
	number := map[finding.Severity]int{}
	for _, f := range result.Findings {
		number[f.Severity]++
	}
	t.Logf("findings: %v; earlier: %d", number, len(result.Earlier))
}
