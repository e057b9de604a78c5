package test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
)

const (
	killTasks  = 200 // besides the sample's
	killBatch  = "40"
	killSample = 12 // moments around transactions that a short run tries
)

// killedCommand is a command that is killed, and what it is killed on.
type killedCommand struct {
	args []string
	from testdb.Template
	dump func(*testing.T, *testdb.DB) []string // what must come out the same
}

func TestKillUp(t *testing.T) {
	t.Parallel()
	killEverywhere(t, killedCommand{
		args: []string{"up", "--batch", killBatch},
		from: workload(nil),
		dump: func(t *testing.T, db *testdb.DB) []string {
			t.Helper()
			upgradeTool(t, db.URL, exitDone, "verify")
			return upgradedDump(t, db)
		},
	})
}

func TestKillDown(t *testing.T) {
	t.Parallel()
	killEverywhere(t, killedCommand{
		args: []string{"down", "--yes"},
		from: workload([]string{"up", "--batch", killBatch}),
		dump: func(t *testing.T, db *testdb.DB) []string {
			t.Helper()
			return strings.Split(db.Dump(t), "\n")
		},
	})
}

// workload is a decorated database with the sample and generated tasks, on which the program was then run.
func workload(args []string) testdb.Template {
	scripts := []string{enginedb.FixtureSQL(), enginedb.DecorateSQL(), enginedb.Sample()}
	return testdb.Template{
		Name: "workload",
		Hash: testdb.Hash(append(slices.Clone(scripts), args...)...),
		Build: func(ctx context.Context, url string) error {
			conn, err := pgx.Connect(ctx, url)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			for _, script := range scripts {
				if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
					return err
				}
			}
			if err := enginedb.Generate(ctx, conn, enginedb.GenerateOptions{Tasks: killTasks, Seed: 1}); err != nil {
				return err
			}
			if err := conn.Close(ctx); err != nil || args == nil {
				return err
			}
			dir, err := os.MkdirTemp("", "coco-workload-")
			if err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(dir) }()
			run, err := prepare(ctx, dir, url, args...)
			if err != nil {
				return err
			}
			if err := run.finish(); err != nil || run.exit() != exitDone {
				return fmt.Errorf("upgrade %q: %w, exit code %d\n%s", args, err, run.exit(), run.output())
			}
			return nil
		},
	}
}

func killEverywhere(t *testing.T, command killedCommand) {
	t.Helper()
	rehearsal, want := command.rehearse(t)
	t.Logf("%d transactions: %s", len(rehearsal.commits), strings.Join(rehearsal.commits, ", "))

	var (
		mu     sync.Mutex
		inside int
	)
	points := killPoints(rehearsal)
	t.Run("points", func(t *testing.T) {
		for _, point := range points {
			t.Run(rehearsal.describe(point), func(t *testing.T) {
				t.Parallel()
				k := command.killOnce(t, point, want)
				mu.Lock()
				defer mu.Unlock()
				if point.when == insideBody && !k.answered.Load() {
					inside++
				}
			})
		}
	})
	t.Logf("killed at %d points, each before the program's exit; at %d of them the server was still in the middle of a migration",
		len(points), inside)
	if inside == 0 {
		t.Error("no kill found the server in the middle of a migration")
	}
}

// rehearse runs the command to its end and returns what was seen on the way and what came out.
func (c killedCommand) rehearse(t *testing.T) (*killer, []string) {
	t.Helper()
	db := testdb.New(t, testdb.Options{Template: c.from})
	k := killerOf(t, db, killPoint{})
	run, killed, err := k.run(t.Context(), t.TempDir(), ephemeral.Superuser, db.Name, c.args...)
	if err != nil || killed || run.exit() != exitDone {
		t.Fatalf("upgrade %q: %v, exit code %d\n%s", c.args, err, run.exit(), run.output())
	}
	return k, c.dump(t, db)
}

// killOnce kills the command at one point, runs it again and compares.
func (c killedCommand) killOnce(t *testing.T, point killPoint, want []string) *killer {
	t.Helper()
	db, dir := testdb.New(t, testdb.Options{Template: c.from}), t.TempDir()
	k := killerOf(t, db, point)
	run, killed, err := k.run(t.Context(), dir, ephemeral.Superuser, db.Name, c.args...)
	if err != nil {
		t.Fatal(err)
	}
	if !killed {
		t.Fatalf("the kill did not land: exit code %d\n%s", run.exit(), run.output())
	}

	again, err := prepare(t.Context(), dir, db.URL, c.args...)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.finish(); err != nil || again.exit() != exitDone {
		t.Fatalf("the same command again: %v, exit code %d\n%s", err, again.exit(), again.output())
	}
	same(t, "after the same command again", want, c.dump(t, db))
	nothingLeft(t, db)
	return k
}

func killerOf(t *testing.T, db *testdb.DB, point killPoint) *killer {
	t.Helper()
	socket := filepath.Join(db.Server.Socket(), fmt.Sprintf(".s.PGSQL.%d", db.Server.Port()))
	k, err := newKiller(socket, point)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// killPoints are the moments to try: with COCO_KILL_LONG all of them, else a sample and one in each phase.
func killPoints(rehearsal *killer) []killPoint {
	long := os.Getenv("COCO_KILL_LONG") != ""
	var between, inside []killPoint
	for n := range rehearsal.commits {
		for _, when := range []moment{beforeCommit, afterCommit, knowsCommit} {
			between = append(between, killPoint{when: when, n: n + 1})
		}
	}
	phases := map[string]bool{}
	for n, name := range rehearsal.inBody {
		phase := phaseOf(name)
		if !long && phases[phase] {
			continue
		}
		phases[phase] = true
		inside = append(inside, killPoint{when: insideBody, n: n + 1})
		if long {
			inside = append(inside, killPoint{when: insideBody, n: n + 1, delay: 3 * time.Millisecond})
		}
	}
	if long {
		return append(between, inside...)
	}
	sample := make([]killPoint, 0, killSample)
	for i := range killSample {
		sample = append(sample, between[i*(len(between)-1)/(killSample-1)])
	}
	return append(sample, inside...)
}

func (k *killer) describe(point killPoint) string {
	if point.when == insideBody {
		return fmt.Sprintf("%s %s for %s", point.when, k.inBody[point.n-1], point.delay)
	}
	return fmt.Sprintf("%s %d of %d, %s", point.when, point.n, len(k.commits), k.commits[point.n-1])
}

// phaseOf returns the phase of a migration's file name.
func phaseOf(name string) string {
	switch version := name[:6]; {
	case version <= "000002":
		return "expand"
	case version <= "000004":
		return "backfill"
	case version <= "000005":
		return "prove"
	case version <= "000008":
		return "switch"
	case version <= "000009":
		return "contract"
	}
	return "retire"
}

// nothingLeft checks that no lock, no mark of a broken run, no invalid index and no unchecked key stayed.
func nothingLeft(t *testing.T, db *testdb.DB) {
	t.Helper()
	left, err := leftBehind(t.Context(), db.Connect(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "left behind", nil, left)
}

// leftBehind lists what an interrupted run must not leave in a database.
func leftBehind(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	const marks = `
		SELECT 'advisory lock of pid ' || pid FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		UNION ALL SELECT 'invalid index ' || indexrelid::regclass FROM pg_index WHERE NOT indisvalid OR NOT indisready
		UNION ALL SELECT 'unchecked constraint ' || conname FROM pg_constraint WHERE NOT convalidated
		UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = current_database()`
	left, err := readTexts(ctx, conn, marks)
	if err != nil {
		return nil, err
	}
	versioned, err := readTexts(ctx, conn, `SELECT 'yes' WHERE to_regclass('schema_migrations') IS NOT NULL`)
	if err != nil || len(versioned) == 0 {
		return left, err
	}
	dirty, err := readTexts(ctx, conn, `SELECT 'dirty version ' || version FROM schema_migrations WHERE dirty`)
	return append(left, dirty...), err
}

// unlike is what two runs that do the same may leave different: when it was, and how they were cut into transactions.
var unlike = []string{"journal", "journal_id_seq", "receipt", "progress", "drain", "home", "change_log", "change_log_seq_seq", "to_release_seq_seq"}

// engineMarkTimes are the times in the two rows of schema_version that contract adds, in a dump and in a snapshot.
var engineMarkTimes = regexp.MustCompile(`(?m)^(-3050\d+\t.*\tcoco\t|row of public\.schema_version: \(-3050\d+,.*,coco,)[^\t,]*[\t,][^\t,]*`)

// upgradedDump is the dump of an upgraded database, with the rows of each table sorted: in which order batches that were cut off
// left them says nothing. The proof itself is added without its time.
func upgradedDump(t *testing.T, db *testdb.DB, args ...string) []string {
	t.Helper()
	for _, table := range unlike {
		args = append(args, "--exclude-table-data=coco."+table)
	}
	lines := sortedDump(t, db, args...)
	for i := range lines {
		lines[i] = engineMarkTimes.ReplaceAllString(lines[i], "$1")
	}
	conn := db.Connect(t.Context())
	defer func() { _ = conn.Close(t.Context()) }()
	return append(lines, query(t, conn, alike)...)
}

// alike is what those tables must have in common all the same.
const alike = `
	SELECT concat_ws(' ', 'receipt', version, tasks, commands, archived, digest) FROM coco.receipt
	UNION ALL SELECT concat_ws(' ', 'progress', step, finished) FROM coco.progress
	UNION ALL SELECT concat_ws(' ', 'change', source, id) FROM coco.change_log
	UNION ALL SELECT 'drain ' || version FROM coco.drain`

// sortedDump is the dump of a database, with the rows of each table sorted.
func sortedDump(t *testing.T, db *testdb.DB, args ...string) []string {
	t.Helper()
	return sortRows(db.Dump(t, args...))
}

func sortRows(dump string) []string {
	lines := strings.Split(dump, "\n")
	for i := range lines {
		if !strings.HasPrefix(lines[i], "COPY ") {
			continue
		}
		if length := slices.Index(lines[i:], `\.`); length > 0 {
			slices.Sort(lines[i+1 : i+length])
		}
	}
	return lines
}
