package upgrade_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
)

// How far an estimate may be off. What the server writes is known well; how long it takes depends on what else the machine does.
const (
	timeBand  = 6.0
	bytesBand = 2.0
)

// generatedTasks says how many tasks, and how long their texts are.
type generatedTasks struct{ tasks, minText, maxText int }

func (g generatedTasks) String() string {
	return fmt.Sprintf("%d tasks with texts of %d to %d bytes", g.tasks, g.minText, g.maxText)
}

func (g generatedTasks) database(t *testing.T) *testdb.DB {
	t.Helper()
	return testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "generated", Hash: testdb.Hash(enginedb.FixtureSQL(), g.String()),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			if err := enginedb.Load(ctx, conn); err != nil {
				return err
			}
			return enginedb.Generate(ctx, conn, enginedb.GenerateOptions{
				Tasks: g.tasks, Seed: uint64(g.tasks), MinText: g.minText, MaxText: g.maxText,
			})
		},
	}})
}

func TestEstimatesAreNearWhatItTakes(t *testing.T) {
	cases := []generatedTasks{{3000, 512, 4096}}
	if os.Getenv("COCO_ESTIMATE_LONG") != "" {
		cases = []generatedTasks{
			{300, 512, 4096}, {5000, 200, 300}, {3000, 512, 4096}, {2000, 8000, 32000}, {500, 200_000, 400_000},
			{10_000, 512, 4096}, {30_000, 200, 300}, {30_000, 512, 4096},
		}
	}
	for _, generated := range cases {
		db := generated.database(t)
		planner, _ := newUpgrader(t, db.URL)
		plan, err := planner.PlanUp(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		near(t, "tasks", float64(plan.Tasks), float64(generated.tasks), 1.3)
		up := observed(t, db, func(u *upgrade.Upgrader) error {
			_, err := u.Up(t.Context(), upgrade.UpOptions{})
			return err
		})
		up.compare(t, fmt.Sprintf("%s, up", generated), plan, up.growth)
		near(t, "commands", float64(plan.Commands), get[float64](t, db, `SELECT count(*)::double precision FROM command_entities`), 2)

		if plan, err = planner.PlanDown(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		down := observed(t, db, func(u *upgrade.Upgrader) error {
			_, err := u.Down(t.Context(), upgrade.DownOptions{})
			return err
		})
		down.compare(t, fmt.Sprintf("%s, down", generated), plan, down.peak)
	}
}

// taken is what a run took: time by action, bytes of the write-ahead log, and space on disk, at its end and at most.
type taken struct {
	actions           []upgrade.ActionFinished
	wal, growth, peak int64
}

// observed runs something and looks how much it takes, from a connection to another database.
func observed(t *testing.T, db *testdb.DB, do func(*upgrade.Upgrader) error) taken {
	t.Helper()
	var result taken
	upgrader, _ := newUpgrader(t, db.URL, func(o *upgrade.Options) {
		o.Observe = func(e upgrade.Event) {
			if finished, ok := e.(upgrade.ActionFinished); ok {
				result.actions = append(result.actions, finished)
			}
		}
	})
	look, err := pgx.Connect(t.Context(), db.Server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = look.Close(context.WithoutCancel(t.Context())) }()
	measure := func() (wal, size int64) {
		const query = `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint, pg_database_size($1)`
		if err := look.QueryRow(t.Context(), query, db.Name).Scan(&wal, &size); err != nil {
			t.Error(err)
		}
		return wal, size
	}
	wal, size := measure()
	done := make(chan error, 1)
	go func() { done <- do(upgrader) }()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			walNow, sizeNow := measure()
			result.wal, result.growth = walNow-wal, sizeNow-size
			return result
		case <-time.After(20 * time.Millisecond):
			_, sizeNow := measure()
			result.peak = max(result.peak, sizeNow-size)
		}
	}
}

func (r taken) compare(t *testing.T, what string, plan upgrade.Plan, space int64) {
	t.Helper()
	if len(r.actions) != len(plan.Steps) {
		t.Fatalf("%s: %d actions, %d planned", what, len(r.actions), len(plan.Steps))
	}
	var took time.Duration
	for i, finished := range r.actions {
		took += finished.Duration
		planned := plan.Steps[i]
		if finished.Number != planned.Number || finished.Kind != planned.Kind || finished.Version != planned.Version {
			t.Errorf("%s: action %d is %+v, planned %s %d", what, i+1, finished, planned.Kind, planned.Version)
		}
		if planned.Time > took/10 || finished.Duration > took/10 {
			t.Logf("%s: %s %s planned %s, took %s", what, finished.Kind, finished.Name,
				planned.Time.Round(time.Millisecond), finished.Duration.Round(time.Millisecond))
		}
	}
	t.Logf("%s: planned by actual: time %.2f (took %s), log %.2f (%d kB), space %.2f (%d kB)", what,
		float64(plan.Estimate)/float64(took), took.Round(time.Millisecond),
		float64(plan.WAL)/float64(r.wal), r.wal>>10, float64(plan.Space)/float64(space), space>>10)
	near(t, what+", time", float64(plan.Estimate), float64(took), timeBand)
	near(t, what+", log", float64(plan.WAL), float64(r.wal), bytesBand)
	near(t, what+", space", float64(plan.Space), float64(space), bytesBand)
}

func near(t *testing.T, what string, estimate, actual, band float64) {
	t.Helper()
	if ratio := estimate / actual; !(ratio > 1/band && ratio < band) {
		t.Errorf("%s: %.0f planned, %.0f in fact: %.2f times", what, estimate, actual, ratio)
	}
}

func TestPlanWaitsForNobodyAndNeedsNoStatistics(t *testing.T) {
	db := generatedTasks{tasks: 500}.database(t)
	upgrader, _ := newUpgrader(t, db.URL)
	open, err := upgrader.PlanUp(t.Context(), "")
	if err != nil || open.Tasks != 500 {
		t.Fatalf("without statistics: %d tasks, %v", open.Tasks, err)
	}
	exec(t, db, `ANALYZE async_tasks`)
	session(t, db, `BEGIN; LOCK TABLE async_tasks IN ACCESS EXCLUSIVE MODE`)
	started := time.Now()
	locked, err := upgrader.PlanUp(t.Context(), "")
	if err != nil || locked.Tasks != 500 || locked.Bytes == 0 || locked.WAL == 0 || len(locked.Steps) != len(open.Steps) {
		t.Errorf("locked: %+v, %v", locked, err)
	}
	if took := time.Since(started); took > 3*time.Second {
		t.Errorf("it waited %s", took)
	}
}

func TestPlanNeedsNeitherToWriteNorToReadTheTasks(t *testing.T) {
	db := generatedTasks{tasks: 500}.database(t)
	exec(t, db, `ANALYZE async_tasks;
		DO $$ BEGIN CREATE ROLE only_connects LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`)
	exec(t, db, fmt.Sprintf(`ALTER DATABASE %s SET default_transaction_read_only = on`, pgx.Identifier{db.Name}.Sanitize()))
	for _, url := range []string{db.URL, db.URLFor("only_connects")} {
		upgrader, _ := newUpgrader(t, url)
		plan, err := upgrader.PlanUp(t.Context(), "")
		if err != nil || plan.Tasks != 500 || plan.Estimate <= 0 || plan.Migrations() != 10 {
			t.Errorf("%d tasks in %s, %v", plan.Tasks, plan.Estimate, err)
		}
	}
}

func TestPlanOfALargeTableReadsLittleOfIt(t *testing.T) {
	db := generatedTasks{tasks: 12_000, minText: 500, maxText: 700}.database(t)
	const read = `SELECT coalesce(sum(heap_blks_read + heap_blks_hit), 0)::bigint FROM pg_statio_user_tables WHERE relname = 'async_tasks'`
	upgrader, _ := newUpgrader(t, db.URL)
	before := get[int64](t, db, read)
	plan, err := upgrader.PlanUp(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	near(t, "tasks", float64(plan.Tasks), 12_000, 1.3)
	blocks := get[int64](t, db, `SELECT pg_relation_size('async_tasks') / 8192`)
	var after int64
	for range 50 { // the server's own statistics come a moment later
		if after = get[int64](t, db, read); after > before {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("%d of %d blocks were read", after-before, blocks)
	if got := after - before; got == 0 || got > blocks {
		t.Errorf("%d blocks were read, the table has %d", got, blocks)
	}
}

func TestPlanKnowsWhatTheChangeLogHolds(t *testing.T) {
	db := generatedTasks{tasks: 500}.database(t)
	upgrader, _ := newUpgrader(t, db.URL)
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Backfill}); err != nil {
		t.Fatal(err)
	}
	caughtUp := func() (rows []int64, total time.Duration) {
		plan, err := upgrader.PlanUp(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range plan.Steps {
			if a.Kind == upgrade.KindCatchUp {
				rows, total = append(rows, a.Rows), total+a.Time
			}
		}
		return rows, total
	}
	if rows, _ := caughtUp(); !slices.Equal(rows, []int64{0, 0, 0, 0, 0}) {
		t.Errorf("an empty log: %v", rows)
	}
	exec(t, db, `UPDATE async_tasks SET status = status`)
	if rows, total := caughtUp(); !slices.Equal(rows, []int64{500, 0, 0, 0, 0}) || total < 50*time.Millisecond {
		t.Errorf("500 changes: %v in %s", rows, total)
	}
}

func TestPlanOfAnEmptyDatabaseIsAFreshInstallation(t *testing.T) {
	db := testdb.New(t, testdb.Options{})
	upgrader, _ := newUpgrader(t, db.URL)
	plan, err := upgrader.PlanUp(t.Context(), "")
	if err != nil || plan.Migrations() != 10 || plan.Tasks != 0 || plan.Estimate <= 0 {
		t.Fatalf("%+v, %v", plan, err)
	}
	if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{}); err != nil {
		t.Fatal(err)
	}
	again, err := upgrader.PlanUp(t.Context(), "")
	if err != nil || len(again.Steps) != 0 || again.From != 10 || again.To != 10 {
		t.Errorf("nothing to do: %+v, %v", again, err)
	}
	if down, err := upgrader.PlanDown(t.Context(), ""); err != nil || down.Migrations() != 10 || down.Tasks != 0 {
		t.Errorf("down: %+v, %v", down, err)
	}
}
