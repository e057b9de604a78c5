package test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/play"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

const (
	onlineTasks  = 3000 // COCO_ONLINE_TASKS names another number, and asks for what only a machine of one's own can hold
	adoptedTasks = 100  // that were there and that the engine changes meanwhile

	longestWait  = 20 * time.Millisecond // for a lock, of any call
	generousWait = 5 * time.Second       // where much else runs on the machine
)

// TestOnlineUpgradeIsNotNoticedByARunningEngine upgrades to contract while an engine makes 200 calls a second over prepared statements.
// No call may fail, no answer be wrong, and the server may tell of no dead-lock and of no long wait of a client for a lock.
func TestOnlineUpgradeIsNotNoticedByARunningEngine(t *testing.T) {
	t.Parallel()
	tasks := number(t, "COCO_ONLINE_TASKS", onlineTasks)
	long := os.Getenv("COCO_ONLINE_TASKS") != ""
	server, url := onlineEngine(t, tasks)
	conn := connected(t, url)
	before := rowsByTask(t, conn)

	engine, err := play.Start(t.Context(), play.Options{URL: url, Seed: 1, Adopt: adoptedTasks})
	if err != nil {
		t.Fatal(err)
	}
	quiet := time.Second
	if long {
		quiet = 10 * time.Second
	}
	engine.Phase("quiet")
	time.Sleep(quiet)
	began := time.Now()
	up := upgradeBeneath(t, url, engine)
	took := time.Since(began)
	engine.Phase("after")
	time.Sleep(quiet)
	report, err := engine.Stop(t.Context())
	if err != nil {
		t.Error(err)
	}
	waits, err := play.Waits(server.LogPath(), play.Application, began, time.Now())
	if err != nil {
		t.Fatal(err)
	}

	total := report.Total()
	t.Logf("%d tasks, proved %d of them, upgraded in %s under %d calls: %d failed, %d wrong answers; milliseconds from when a call was due:\n%s",
		len(before), up.Receipt.Tasks, took.Round(time.Millisecond), total.Calls, total.Failed, total.Wrong, report)
	t.Logf("waits of clients for a lock: %d over 5 ms, %d over 20 ms, the longest %s %s; dead-locks: %d",
		waits.Logged, waits.Over20ms, waits.Longest, waits.LongestFor, waits.Deadlocks)
	bound := generousWait
	if long {
		bound = longestWait
	}
	if total.Failed > 0 || total.Wrong > 0 || waits.Deadlocks > 0 || waits.Longest > bound {
		t.Error("the engine noticed it")
	}
	if calls := report.Phases; len(calls) < 7 || total.Calls < 400 {
		t.Errorf("%d calls in %d phases", total.Calls, len(calls))
	}
	onlyAdoptedDiffer(t, before, rowsByTask(t, conn))
	holds(t, conn)
}

// onlineEngine starts a server that tells of every wait, with an engine's database of its own.
func onlineEngine(t *testing.T, tasks int) (*ephemeral.Server, string) {
	t.Helper()
	server, err := ephemeral.Start(t.Context(), ephemeral.Options{BinDir: os.Getenv(testdb.BinDirVariable), Settings: play.LogSettings()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := server.CreateDatabase(t.Context(), "engine", ""); err != nil {
		t.Fatal(err)
	}
	conn := connected(t, server.URL("engine"))
	if err := enginedb.Load(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if err := enginedb.LoadSample(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if err := enginedb.Generate(t.Context(), conn, enginedb.GenerateOptions{Tasks: tasks, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, `ANALYZE`)
	return server, server.URL("engine")
}

func connected(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// upgradeBeneath goes up to contract, and begins a phase of the play with each of the upgrade.
func upgradeBeneath(t *testing.T, url string, engine *play.Engine) upgrade.UpResult {
	t.Helper()
	config, err := connect.Config(connect.Options{Database: url})
	if err != nil {
		t.Fatal(err)
	}
	var phase upgrade.Phase
	upgrader, err := upgrade.New(upgrade.Options{Config: config, ToolVersion: "test", Observe: func(event upgrade.Event) {
		if started, ok := event.(upgrade.ActionStarted); ok && started.Phase != phase {
			phase = started.Phase
			engine.Phase(string(phase))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: upgrade.Contract})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// rowsByTask are fingerprints of all columns of the tasks, as the getter gives them.
func rowsByTask(t *testing.T, conn *pgx.Conn) map[string]string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `SELECT task_id::text, md5(t::text) FROM getallfromasync_tasks() t`)
	if err != nil {
		t.Fatal(err)
	}
	tasks := map[string]string{}
	var id, hash string
	if _, err := pgx.ForEachRow(rows, []any{&id, &hash}, func() error {
		tasks[id] = hash
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return tasks
}

// onlyAdoptedDiffer fails the test when more tasks are changed or gone than the engine has adopted, or some were left behind.
func onlyAdoptedDiffer(t *testing.T, before, after map[string]string) {
	t.Helper()
	changed := 0
	for id, row := range before {
		if after[id] != row {
			changed++
		}
		delete(after, id)
	}
	if changed == 0 || changed > adoptedTasks || len(after) > 0 {
		t.Errorf("%d tasks changed or gone, at most %d are the engine's; %d are new", changed, adoptedTasks, len(after))
	}
}
