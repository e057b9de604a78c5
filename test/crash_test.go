package test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/snapshot"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

const (
	crashTasks  = 24 // besides the sample's
	crashBatch  = 40 // so that every kind of work has several batches
	crashBudget = 3 * time.Minute
)

// crashSize is how much a run of the crash matrix does: cut points of up and of down (0: all there are) and of an up over two
// connections, kill -9 of each command, and runs on a server that is shut down.
type crashSize struct{ points, jobs, kills, shutdowns int }

var crashSizes = map[string]crashSize{
	"":       {points: 4, jobs: 2, kills: 1, shutdowns: 1},
	"sample": {points: 48, jobs: 16, kills: 8, shutdowns: 8},
	"all":    {points: 0, jobs: 300, kills: 120, shutdowns: 200},
}

// crashed is a command that is interrupted in the middle and run again.
type crashed struct {
	name string
	args []string // of the program
	from testdb.Template
	// hands says that something is handed over.
	hands bool
	// call is the command as the library runs it.
	call func(context.Context, *upgrade.Upgrader, *handedOver, time.Duration) error
	// leaves is what the database must be afterwards.
	leaves func(context.Context, *pgx.Conn) ([]string, error)
	// dumped is that as a dump.
	dumped func(*testing.T, *testdb.DB) []string
}

func crashUp(jobs int) crashed {
	return crashed{
		name: "up",
		args: []string{"up", "--batch", fmt.Sprint(crashBatch), "--jobs", fmt.Sprint(jobs)},
		from: crashTemplate("crash_up", nil),
		call: func(ctx context.Context, u *upgrade.Upgrader, _ *handedOver, reconnect time.Duration) error {
			_, err := u.Up(ctx, upgrade.UpOptions{Batch: crashBatch, Jobs: jobs, ReconnectBudget: reconnect})
			return err
		},
		leaves: func(ctx context.Context, conn *pgx.Conn) ([]string, error) {
			options := snapshot.Options{}
			for _, table := range unlike {
				options.ExceptRows = append(options.ExceptRows, "coco."+table)
			}
			lines, err := snapshot.Take(ctx, conn, options)
			if err != nil {
				return nil, err
			}
			for i := range lines {
				lines[i] = engineMarkTimes.ReplaceAllString(lines[i], "$1")
			}
			more, err := readTexts(ctx, conn, alike+`
				UNION ALL SELECT concat_ws(' ', 'journal', version, direction, count(*)) FROM coco.journal GROUP BY version, direction`)
			return append(lines, more...), err
		},
		dumped: func(t *testing.T, db *testdb.DB) []string { t.Helper(); return upgradedDump(t, db) },
	}
}

func crashDown() crashed {
	return crashed{
		name: "down",
		args: []string{"down", "--yes", "--discard-commands"},
		from: crashTemplate("crash_down", []string{crashCommands}), hands: true,
		call: func(ctx context.Context, u *upgrade.Upgrader, kept *handedOver, reconnect time.Duration) error {
			_, err := u.Down(ctx, upgrade.DownOptions{
				Export: kept, DiscardCommands: true, Journal: kept.takeJournal, ReconnectBudget: reconnect,
			})
			return err
		},
		leaves: func(ctx context.Context, conn *pgx.Conn) ([]string, error) {
			return snapshot.Take(ctx, conn, snapshot.Options{})
		},
		dumped: func(t *testing.T, db *testdb.DB) []string { t.Helper(); return sortRows(db.Dump(t)) },
	}
}

// crashCommands gives commands what the old schema cannot hold, so that down has something to export.
const crashCommands = `
	INSERT INTO command_entities (command_id, command_type, action_parameters, created_at, status)
	SELECT gen.id::uuid, 7, E'{"a":\n"' || repeat('b', gen.n * 40) || '"}', '2014-01-02 03:04:05Z', 'ACTIVE'
	FROM (SELECT n, '11111111-2222-3333-4444-' || lpad(n::text, 12, '0') AS id FROM generate_series(1, 12) n) gen;
	UPDATE command_entities SET status = 'FAILED' WHERE command_id = (SELECT min(command_id::text)::uuid FROM async_tasks)`

// crashTemplate is a decorated database with the sample and generated tasks; with scripts, one that was upgraded before they ran.
func crashTemplate(name string, scripts []string) testdb.Template {
	return testdb.Template{
		Name: name,
		Hash: testdb.Hash(append([]string{enginedb.FixtureSQL(), enginedb.DecorateSQL(), enginedb.Sample()}, scripts...)...),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			err = errors.Join(enginedb.Load(ctx, conn), enginedb.Decorate(ctx, conn), enginedb.LoadSample(ctx, conn),
				enginedb.Generate(ctx, conn, enginedb.GenerateOptions{Tasks: crashTasks, Seed: 1}))
			if err != nil || len(scripts) == 0 {
				return err
			}
			u, err := crashUpgrader(url)
			if err != nil {
				return err
			}
			if _, err := u.Up(ctx, upgrade.UpOptions{To: upgrade.Retire, Force: true}); err != nil {
				return err
			}
			for _, script := range scripts {
				if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func crashUpgrader(url string) (*upgrade.Upgrader, error) {
	config, err := connect.Config(connect.Options{Database: url})
	if err != nil {
		return nil, err
	}
	return upgrade.New(upgrade.Options{Config: config, ToolVersion: "crash"})
}

// run runs the command by the library, to its end or until it fails.
func (c crashed) run(ctx context.Context, url string, kept *handedOver, reconnect time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, crashBudget)
	defer cancel()
	u, err := crashUpgrader(url)
	if err != nil {
		return err
	}
	return c.call(ctx, u, kept, reconnect)
}

// result is what there is to compare: the database and what was handed over.
func (c crashed) result(ctx context.Context, url string, kept *handedOver) ([]string, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	lines, err := c.leaves(ctx, conn)
	return append(lines, kept.lines()...), err
}

// recovered runs the command again after an interruption, and compares.
func (c crashed) recovered(t *testing.T, url string, kept *handedOver, want []string) {
	t.Helper()
	if err := c.run(t.Context(), url, kept, 0); err != nil {
		t.Fatalf("the same command again: %v", err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	got, err := c.leaves(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "after the same command again", want, append(got, kept.lines()...))
	left, err := leftBehind(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "left behind", nil, left)
}

// TestCrashAnywhereTheSameCommandAgainEndsAlike is the crash matrix: COCO_CRASH=sample does a little of it, COCO_CRASH=all all, and with
// COCO_CRASH_PART=2/4 the second quarter of that.
func TestCrashAnywhereTheSameCommandAgainEndsAlike(t *testing.T) {
	size, ok := crashSizes[os.Getenv("COCO_CRASH")]
	if !ok {
		t.Fatalf("COCO_CRASH=%s: sample or all", os.Getenv("COCO_CRASH"))
	}
	if size != crashSizes["all"] {
		t.Parallel()
	}
	seed := uint64(number(t, "COCO_CRASH_SEED", 1))
	t.Logf("COCO_CRASH_SEED=%d, %d tasks, batches of %d", seed, 46+crashTasks, crashBatch)
	started := time.Now()
	report := &crashReport{part: 1, parts: 1}
	if text := os.Getenv("COCO_CRASH_PART"); text != "" {
		if _, err := fmt.Sscanf(text, "%d/%d", &report.part, &report.parts); err != nil || report.part < 1 || report.part > report.parts {
			t.Fatalf("COCO_CRASH_PART=%s: 1/4, 2/4, …", text)
		}
		t.Logf("part %d of %d", report.part, report.parts)
	}
	for _, c := range []crashed{crashUp(1), crashDown()} {
		t.Run(c.name+" cut", func(t *testing.T) { c.cutEverywhere(t, size.points, report) })
	}
	t.Run("up over two connections cut", func(t *testing.T) { crashUp(2).cutEverywhere(t, size.jobs, report) })
	for i, c := range []crashed{crashUp(2), crashDown()} {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		t.Run(c.name+" killed", func(t *testing.T) { c.killAtRandom(t, size.kills, random, report) })
	}
	t.Run("server shut down", func(t *testing.T) {
		shutDownAtRandom(t, []crashed{crashUp(2), crashDown()}, size.shutdowns, rand.New(rand.NewPCG(seed, 2)), report)
	})
	t.Logf("%d cuts + %d kills + %d runs broken by %d shutdowns = %d interruptions in %s: %d differences",
		report.cuts.Load(), report.kills.Load(), report.broken.Load(), report.shutdowns.Load(), report.interruptions(),
		time.Since(started).Round(time.Second), report.differences.Load())
	if size == crashSizes["all"] && report.left.Load() == 0 && report.interruptions()*int64(report.parts) < 2000 {
		t.Error("these are fewer than 2,000 interruptions")
	}
}

// crashWorkers is how many cases run at the same time: they mostly wait for one another's server processes.
func crashWorkers() int { return runtime.GOMAXPROCS(0) + 2 }
