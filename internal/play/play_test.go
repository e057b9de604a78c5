package play_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/play"
	"github.com/ovirt/coco/internal/snapshot"
	"github.com/ovirt/coco/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

// engine returns a database of engine 3.4 with the sample and some generated tasks.
func engine(t *testing.T) *testdb.DB {
	t.Helper()
	return testdb.New(t, testdb.Options{Template: testdb.Template{
		Name: "played",
		Hash: testdb.Hash(enginedb.FixtureSQL(), enginedb.Sample()),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			if err := enginedb.Load(ctx, conn); err != nil {
				return err
			}
			if err := enginedb.LoadSample(ctx, conn); err != nil {
				return err
			}
			return enginedb.Generate(ctx, conn, enginedb.GenerateOptions{Tasks: 500, Seed: 1})
		},
	}})
}

func start(t *testing.T, options play.Options) *play.Engine {
	t.Helper()
	e, err := play.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func stop(t *testing.T, e *play.Engine) play.Report {
	t.Helper()
	report, err := e.Stop(t.Context())
	if err != nil {
		t.Error(err)
	}
	t.Logf("\n%s", report)
	return report
}

func TestAnUntouchedEngineAnswersAsExpected(t *testing.T) {
	t.Parallel()
	db := engine(t)
	e := start(t, play.Options{URL: db.URL, Seed: 1, Rate: 600, Adopt: 40, AllEvery: 200})
	time.Sleep(2 * time.Second)
	e.Phase("second")
	time.Sleep(2 * time.Second)
	report := stop(t, e)
	for _, phase := range report.Phases {
		for name, w := range map[string]play.Workload{"engine": phase.Workload, "control": phase.Control} {
			if w.Calls < 1000 || w.Failed > 0 || w.Wrong > 0 {
				t.Errorf("%s, %s: %d calls, %d failed, %d wrong", phase.Name, name, w.Calls, w.Failed, w.Wrong)
			}
		}
	}
}

// TestALostConnectionIsAFailureAndNoWrongAnswer cuts the clients off again and again. What a lost call has done is found out.
func TestALostConnectionIsAFailureAndNoWrongAnswer(t *testing.T) {
	t.Parallel()
	db := engine(t)
	conn := db.Connect(t.Context())
	e := start(t, play.Options{URL: db.URL, Seed: 2, Rate: 600, Tasks: 40, WithoutControl: true})
	for range 20 {
		time.Sleep(100 * time.Millisecond)
		_, err := conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
			AND application_name = $1`, play.Application)
		if err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(300 * time.Millisecond) // each client finds out, and goes on
	total := stop(t, e).Total()
	if total.Failed < 20 || total.Wrong > 0 || total.Calls < 1000 {
		t.Errorf("%d calls, %d failed, %d wrong", total.Calls, total.Failed, total.Wrong)
	}
}

// TestNothingIsLeftBehind plays, and then looks for what the play has made.
func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	db := engine(t)
	before, err := snapshot.Take(t.Context(), db.Connect(t.Context()), snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := start(t, play.Options{URL: db.URL, Seed: 3, Rate: 400})
	time.Sleep(500 * time.Millisecond)
	stop(t, e)
	after, err := snapshot.Take(t.Context(), db.Connect(t.Context()), snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, after) {
		t.Error("the database is not what it was")
	}
	var clients int
	err = db.Connect(t.Context()).QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name IN ($1, $2)`,
		play.Application, play.ControlApplication).Scan(&clients)
	if err != nil || clients > 0 {
		t.Errorf("%d clients, %v", clients, err)
	}
}
