package judge_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/judge"
)

// used is a database as an engine leaves it after years, with rights, comments, settings and an edited procedure.
func used(t *testing.T) *testdb.DB {
	t.Helper()
	db := testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "used", Hash: testdb.Hash(enginedb.FixtureSQL(), enginedb.DecorateSQL(), enginedb.Sample()),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			return errors.Join(enginedb.Load(ctx, conn), enginedb.Decorate(ctx, conn), enginedb.LoadSample(ctx, conn))
		},
	}})
	db.NeedPgDump(t) // rehearsals copy the schema
	return db
}

// rehearsed is what coco's own plan does to a copy of a database.
func rehearsed(t *testing.T, db *testdb.DB, to upgrade.Phase) judge.Facts {
	t.Helper()
	config, err := connect.Config(connect.Options{Database: db.URL})
	if err != nil {
		t.Fatal(err)
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := upgrader.PlanUp(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	looked, err := upgrader.Check(t.Context(), upgrade.CheckOptions{To: to})
	if err != nil {
		t.Fatal(err)
	}
	facts := judge.Facts{Plan: &plan, Check: &looked, Data: &judge.Data{
		Tasks: plan.Tasks, Commands: plan.Commands,
		Tables: []judge.TableData{{Table: "async_tasks", Moves: []judge.Count{
			{Name: "action_parameters", Count: 3 << 20}, {Name: "action_params_class"}, {Name: "task_parameters"}, {Name: "task_params_class"},
			{Name: "root_command_id"},
		}}},
	}}
	for _, step := range plan.Steps {
		facts.Texts = append(facts.Texts, step.SQL)
	}
	result, err := rehearse.Run(t.Context(), rehearse.Options{
		Config: config, To: to, Tasks: 100,
		Before: func(_ context.Context, conn *pgx.Conn) error { facts.Before = side(t, conn); return nil },
		After:  func(_ context.Context, conn *pgx.Conn) error { facts.After = side(t, conn); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	facts.Rehearsal = &result
	return facts
}

func TestOwnPlanIsCleanFromTheBeginningAndFromTheMiddle(t *testing.T) {
	for _, from := range []upgrade.Phase{"", upgrade.Switch} {
		t.Run("from_"+string(from), func(t *testing.T) {
			t.Parallel()
			db := used(t)
			if from != "" {
				climb(t, db, from)
			}
			result := judged(t, rehearsed(t, db, upgrade.Retire))
			for _, f := range result.Findings {
				if f.Severity != finding.Note && f.Silenced == "" {
					t.Errorf("%s %s: %s", f.Severity, f.Rule, f.Summary)
				}
			}
			if c := state(t, result, "releases"); !strings.Contains(strings.Join(c.Detail, " "), "edited: deleteasync_tasks") {
				t.Errorf("%+v", c)
			}
			for _, c := range result.Checks {
				if c.State == judge.Failed {
					t.Errorf("%s failed: %s", c.ID, c.Summary)
				}
			}
		})
	}
}

// climb upgrades a database to the end of a phase.
func climb(t *testing.T, db *testdb.DB, to upgrade.Phase) {
	t.Helper()
	config, err := connect.Config(connect.Options{Database: db.URL})
	if err != nil {
		t.Fatal(err)
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: to}); err != nil {
		t.Fatal(err)
	}
}
