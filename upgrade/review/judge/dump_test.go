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

func TestRealDatabaseThatNobodyTouchesHasNothingToFix(t *testing.T) {
	conn := restored(t).Connect(t.Context())
	result := judged(t, judge.Facts{Before: side(t, conn), After: side(t, conn), Texts: []string{"SELECT 1"}})
	for _, f := range result.Findings {
		if f.Severity != finding.Note {
			t.Errorf("%s %s: %s", f.Severity, f.Rule, f.Summary)
		}
	}
	logged(t, result)
}

func TestOwnPlanOnARealDatabaseIsClean(t *testing.T) {
	db := restored(t)
	version := ""
	err := db.Connect(t.Context()).QueryRow(t.Context(), `SELECT version FROM public.schema_version WHERE current`).Scan(&version)
	if err != nil || version >= "0305" {
		t.Skipf("not a database that coco upgrades: %s %v", version, err)
	}
	result := judged(t, rehearsed(t, db, upgrade.Retire))
	for _, f := range result.Findings {
		if f.Severity != finding.Note {
			t.Errorf("%s %s: %s", f.Severity, f.Rule, f.Summary)
		}
	}
	logged(t, result)
}

// What an upgrade did that just drops the columns, as the engine's own does.
func TestPlanThatOnlyDropsTheColumnsOfARealDatabaseIsFound(t *testing.T) {
	conn := restored(t).Connect(t.Context())
	const naive = `ALTER TABLE async_tasks DROP COLUMN action_parameters, DROP COLUMN action_params_class, DROP COLUMN task_parameters,
		DROP COLUMN task_params_class, DROP COLUMN root_command_id`
	facts := judge.Facts{Before: side(t, conn), Texts: []string{naive}}
	run(t, conn, naive)
	facts.After = side(t, conn)
	result := judged(t, facts)
	logged(t, result)
	dropped := 0
	for _, f := range result.Findings {
		if f.Rule == "column-dropped" && f.Severity == finding.Decide {
			dropped++
		}
	}
	if dropped != 5 {
		t.Errorf("%d of 5 dropped columns are found", dropped)
	}
}

func logged(t *testing.T, result judge.Result) {
	t.Helper()
	for _, c := range result.Checks {
		t.Logf("%s %s: %s %v", c.State, c.ID, c.Summary, c.Detail)
	}
	t.Logf("findings\n%s\nearlier\n%s", text(result.Findings), text(result.Earlier))
}
