package coordinator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/gen"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/upgraded"
)

// pooled is a database that was upgraded, and a pool of connections to it.
func pooled(t *testing.T) (*testdb.DB, *pgxpool.Pool) {
	t.Helper()
	db := upgraded.New(t)
	return db, poolOf(t, db)
}

func poolOf(t *testing.T, db *testdb.DB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// node is a command by its number. Finished is how many days ago it was; 0 is never.
type node struct {
	id, parent, root int
	status           string // "" is NULL
	finished         int
}

func id(n int) uuid.UUID {
	if n == 0 {
		return uuid.Nil
	}
	return uuid.MustParse(fmt.Sprintf("%08x-0000-4000-8000-%012d", uint32(n)*0x9E3779B1, n))
}

// store stores nodes as they are, in one statement: the keys are checked at its end.
func store(t *testing.T, db gen.DBTX, nodes ...node) {
	t.Helper()
	var rows []string
	for _, n := range nodes {
		rows = append(rows, fmt.Sprintf(`('%s', %d, NULLIF('%s'::uuid, '%[4]s'), NULLIF('%[5]s'::uuid, '%[4]s'), '{"n":%[2]d}', 'c', now() - interval '90 days',
			NULLIF('%[6]s', ''), CASE WHEN %[7]d > 0 THEN now() - interval '%[7]d days' END)`,
			id(n.id), n.id, id(n.parent), uuid.Nil, id(n.root), n.status, n.finished))
	}
	exec(t, db, `INSERT INTO command_entities (command_id, command_type, parent_command_id, root_command_id, action_parameters,
		action_parameters_class, created_at, status, finished_at) VALUES `+strings.Join(rows, ", "))
}

func exec(t *testing.T, db gen.DBTX, sql string, args ...any) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// stored are the numbers of the commands that are there.
func stored(t *testing.T, db gen.DBTX) []int {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT command_type FROM command_entities ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		t.Fatal(err)
	}
	return numbers
}

func task(t *testing.T, db gen.DBTX, n int) {
	t.Helper()
	exec(t, db, `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, task_type) VALUES (gen_random_uuid(), 1, 2, 0, $1, 1)`, id(n))
}

func monthAgo() time.Time { return time.Now().Add(-30 * 24 * time.Hour) }

const done = "SUCCEEDED"

// forest is a tree for everything that can be odd about one. Trees from 100 on, by hundreds, stay.
var forest = []node{
	// Alone, with a root link to itself, and without.
	{1, 0, 0, done, 40}, {2, 0, 2, "FAILED", 31}, {3, 0, 3, "FAILED_RESTARTED", 40},
	// Three levels; one that hangs by its root link alone.
	{10, 0, 10, done, 40}, {11, 10, 10, done, 40}, {12, 11, 10, "FAILED", 40}, {13, 0, 10, done, 2}, {14, 11, 11, done, 1},
	// A child that names another tree as its root ties the two together: both have finished.
	{20, 0, 20, done, 40}, {21, 20, 25, done, 40}, {25, 0, 25, done, 40}, {26, 25, 25, done, 40},
	// A cycle that hangs below a root.
	{30, 0, 30, done, 40}, {31, 32, 30, done, 40}, {32, 31, 30, done, 40},

	// The engine's cleanup removed an old active root although its child is young and a task needs that.
	{100, 0, 100, "ACTIVE", 0}, {101, 100, 100, done, 40}, {102, 100, 100, "ACTIVE", 0},
	// The root has finished long ago, and a command far below it has not.
	{200, 0, 200, done, 40}, {201, 200, 200, done, 40}, {202, 201, 200, "ACTIVE", 0}, {203, 0, 202, done, 40},
	// A task names the last of them: its ancestors stay.
	{300, 0, 300, done, 40}, {301, 300, 300, done, 40}, {302, 301, 300, done, 40},
	// Only the archive says that a task names it as its root.
	{400, 0, 400, done, 40},
	// Too young.
	{500, 0, 500, done, 29}, {501, 500, 500, done, 40},
	// A finished status without its time, a time without the status, a status that nobody knows.
	{600, 0, 600, done, 40}, {601, 600, 600, done, 0},
	{700, 0, 700, done, 40}, {701, 700, 700, "", 40},
	{800, 0, 800, "ACTIVE", 40},
	// A root link into a live tree, and into a young one.
	{900, 0, 900, done, 40}, {901, 900, 950, done, 40}, {950, 0, 950, "ACTIVE", 0},
	{1000, 0, 1000, done, 40}, {1001, 1000, 1050, done, 40}, {1050, 0, 1050, done, 3},
	// Cycles without a root.
	{1100, 1101, 1100, done, 40}, {1101, 1100, 1100, done, 40}, {1102, 1102, 1102, done, 40},
	{1103, 0, 1104, done, 40}, {1104, 0, 1103, done, 40},
}

const forestGoes = 15

func plant(t *testing.T, db gen.DBTX) (stays []int) {
	t.Helper()
	store(t, db, forest...)
	for _, n := range []int{102, 302} {
		task(t, db, n)
	}
	exec(t, db, `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, task_type)
		VALUES ($1, 1, 2, 0, '00000000-0000-0000-0000-000000000000', 1)`, id(7000))
	// NULLs where the engine's NOT IN would find them, and then delete nothing.
	exec(t, db, `INSERT INTO coco.archive (task_id, keeps_root, root_command_id, keeps_action, keeps_task)
		VALUES ($1, true, $2, false, false), ($3, true, NULL, false, false)`, id(7000), id(400), id(7001))
	for _, n := range forest {
		if n.id >= 100 {
			stays = append(stays, n.id)
		}
	}
	return stays
}

func TestATreeGoesAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	stays := plant(t, pool)
	before := monthAgo()

	for _, rows := range []int{1, 7, 0} {
		said, err := Cleanup(t.Context(), pool, before, CleanupOptions{DryRun: true, BatchRows: rows})
		if err != nil || said.RemovedCommands != forestGoes || !said.DryRun {
			t.Fatalf("dry run with batches of %d: %+v, %v", rows, said, err)
		}
	}
	if got := len(stored(t, pool)); got != len(forest) {
		t.Fatalf("after dry runs there are %d commands of %d", got, len(forest))
	}
	said, err := Cleanup(t.Context(), pool, before, CleanupOptions{DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	report, err := Cleanup(t.Context(), pool, before, CleanupOptions{BatchRows: 9})
	if err != nil {
		t.Fatal(err)
	}
	if got := stored(t, pool); !slices.Equal(got, stays) {
		t.Errorf("there are %v\nwant %v", got, stays)
	}

	// Roots: all but the cycles; two trees that are tied together count as one.
	want := CleanupReport{
		Before: before, Trees: 18, RemovedTrees: 6, RemovedCommands: forestGoes,
		Kept: []KeptTrees{
			{KeptUnfinished, 5, 4 + 2 + 2 + 1 + 3, []uuid.UUID{id(200), id(600), id(700), id(800), id(900)}},
			{KeptTask, 2, 3 + 1, []uuid.UUID{id(300), id(400)}},
		},
	}
	for _, r := range []*CleanupReport{&said, &report} {
		r.Batches, r.Longest, r.Duration, r.DryRun = 0, 0, 0, false
		for i := range r.Kept {
			slices.SortFunc(r.Kept[i].First, func(a, b uuid.UUID) int { return strings.Compare(a.String()[24:], b.String()[24:]) })
		}
	}
	if got, want := fmt.Sprintf("%+v", report), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("report\n%s\nwant\n%s", got, want)
	}
	if got, want := fmt.Sprintf("%+v", said), fmt.Sprintf("%+v", report); got != want {
		t.Errorf("the dry run said\n%s\nand the run did\n%s", got, want)
	}

	again, err := Cleanup(t.Context(), pool, before, CleanupOptions{})
	if err != nil || again.RemovedTrees != 0 || again.Trees != 12 {
		t.Errorf("the second time: %+v, %v", again, err)
	}
}

func TestTheEnginesOwnCallRemovesTheVerySame(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	stays := plant(t, pool)
	removed, err := gen.New(pool).RemoveAllCommandEntitiesBeforeDate(t.Context(), monthAgo())
	if got := stored(t, pool); err != nil || removed != forestGoes || !slices.Equal(got, stays) {
		t.Errorf("%d removed, %v; there are %v\nwant %v", removed, err, got, stays)
	}
}

func TestATreeThatIsLargerThanABatchGoesWhole(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	nodes := []node{{1, 0, 1, done, 40}, {2, 0, 2, done, 40}}
	for i := range 300 {
		nodes = append(nodes, node{100 + i, 1, 1, done, 40}, node{1000 + i, 100 + i, 1, done, 40})
	}
	store(t, pool, nodes...)
	transactions := 0
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{BatchRows: 5, Progress: func(r CleanupReport, share float64) {
		transactions++
		if left := len(stored(t, pool)); left != 602-int(r.RemovedCommands) || r.RemovedCommands != 0 && r.RemovedCommands < 601 && r.RemovedCommands != 1 {
			t.Errorf("%d removed, %d left: part of a tree", r.RemovedCommands, left)
		}
		if share < 0 || share > 1 {
			t.Errorf("%g of it is done", share)
		}
	}})
	if err != nil || report.RemovedCommands != 602 || report.RemovedTrees != 2 || report.Batches != transactions || transactions < 2 {
		t.Errorf("%+v in %d transactions, %v", report, transactions, err)
	}
}

func TestADateInTheFutureIsRefusedAndNothingIsRemoved(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40})
	before := time.Now().Add(time.Hour).Truncate(time.Second).UTC()
	for _, dry := range []bool{true, false} {
		_, err := Cleanup(t.Context(), pool, before, CleanupOptions{DryRun: dry})
		var cutoff *CutoffError
		if !errors.Is(err, ErrCutoff) || !errors.As(err, &cutoff) || !cutoff.Before.Equal(before) {
			t.Errorf("dry run %v: %v", dry, err)
		}
	}
	if got := len(stored(t, pool)); got != 1 {
		t.Errorf("%d commands are left", got)
	}
	if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{}); err != nil {
		t.Errorf("the refused run was not ended: %v", err)
	}
}

func TestADatabaseWithoutTheUpgradeSaysSo(t *testing.T) {
	t.Parallel()
	pool := poolOf(t, testdb.New(t, testdb.Options{}))
	for _, dry := range []bool{true, false} {
		if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{DryRun: dry}); !errors.Is(err, ErrNotUpgraded) {
			t.Errorf("dry run %v: %v", dry, err)
		}
	}
	_, pool = pooled(t)
	exec(t, pool, `UPDATE coco.state SET serves = 'async_tasks'`) // as before the switch
	for _, dry := range []bool{true, false} {
		if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{DryRun: dry}); !errors.Is(err, ErrNotUpgraded) {
			t.Errorf("before the switch, dry run %v: %v", dry, err)
		}
	}
	if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{BatchRows: -1}); err == nil {
		t.Error("batches of -1 rows are taken")
	}
}

func TestASecondCleanupIsToldWhoIsAtWork(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40})
	first := &cleanup{db: pool, before: monthAgo()}
	first.options, _ = CleanupOptions{Runner: "the first", Lease: 700 * time.Millisecond}.withDefaults()
	first.runID = uuid.NullUUID{UUID: uuid.New(), Valid: true}
	if err := first.begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Runner: "the second"})
	var running *CleanupRunningError
	if !errors.As(err, &running) || !errors.Is(err, ErrCleanupRunning) || running.Runner != "the first" || time.Until(running.Expires) > 2*time.Second {
		t.Fatalf("the second: %v", err)
	}
	if said, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{DryRun: true}); err != nil || said.RemovedTrees != 1 {
		t.Errorf("a dry run beside it: %+v, %v", said, err)
	}

	// The first is killed here: nothing is heard of it any more.
	eventually(t, func() bool {
		report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Runner: "the second"})
		return err == nil && report.RemovedTrees == 1
	})
	// It was only paused, and goes on.
	store(t, pool, node{2, 0, 2, done, 40})
	if _, err := first.batch(t.Context(), uuid.NullUUID{}, 100); !errors.As(err, &running) || running.Runner != "the second" {
		t.Errorf("the first afterwards: %v", err)
	}
	if got := len(stored(t, pool)); got != 1 {
		t.Errorf("it went on removing: %d commands are left", got)
	}
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came to that")
		}
	}
}

func TestARunThatLosesItsLeaseStopsAndWhatItRemovedAreWholeTrees(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	var nodes []node
	for i := 1; i <= 100; i++ {
		nodes = append(nodes, node{i, 0, i, done, 40}, node{1000 + i, i, i, done, 40})
	}
	store(t, pool, nodes...)
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{BatchRows: 20, Progress: func(CleanupReport, float64) {
		// It was away for longer than its lease, and another one has begun.
		exec(t, pool, `UPDATE coco.cleanup_run SET expires_at = clock_timestamp() - interval '1 s'`)
		_, err := gen.New(pool).BeginCleanup(t.Context(), gen.BeginCleanupParams{RunID: id(1), Runner: "the thief of places", LeaseMs: 60_000})
		if err != nil {
			t.Error(err)
		}
	}})
	var running *CleanupRunningError
	if !errors.As(err, &running) || running.Runner != "the thief of places" || report.Batches != 1 {
		t.Errorf("%v after %d batches", err, report.Batches)
	}
	left := stored(t, pool)
	for _, n := range left {
		if n < 1000 && !slices.Contains(left, 1000+n) || n > 1000 && !slices.Contains(left, n-1000) {
			t.Errorf("half a tree is left: %d", n)
		}
	}
	if len(left) != 200-int(report.RemovedCommands) {
		t.Errorf("%d commands are left, %d were removed", len(left), report.RemovedCommands)
	}
	var runner string
	if err := pool.QueryRow(t.Context(), `SELECT runner FROM coco.cleanup_run WHERE run_id IS NOT NULL`).Scan(&runner); err != nil || runner != running.Runner {
		t.Errorf("it has ended the run of another one: %q, %v", runner, err)
	}
}

func TestARunThatStopsInTheMiddleOfABatchGivesItsPlaceUp(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40})
	paused := make(chan struct{})
	stopped := &cleanup{db: pool, before: monthAgo()}
	stopped.options, _ = CleanupOptions{Lease: 500 * time.Millisecond, Export: writer(func([]byte) { close(paused); <-t.Context().Done() })}.withDefaults()
	stopped.runID = uuid.NullUUID{UUID: uuid.New(), Valid: true}
	if err := stopped.begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = stopped.batch(context.WithoutCancel(t.Context()), uuid.NullUUID{}, 100) }() // its connection will be gone
	<-paused
	if _, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{}); !errors.Is(err, ErrCleanupRunning) {
		t.Errorf("while it holds its place: %v", err)
	}
	eventually(t, func() bool {
		report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{})
		return err == nil && report.RemovedTrees == 1
	})
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

func TestWhatIsInUseIsKeptAndNotWaitedFor(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40}, node{2, 1, 1, done, 40}, node{10, 0, 10, done, 40}, node{11, 10, 10, done, 40}, node{20, 0, 20, done, 40})
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	exec(t, tx, `UPDATE command_entities SET status = 'ACTIVE', finished_at = NULL WHERE command_id = $1`, id(2)) // an engine starts it again
	store(t, tx, node{12, 11, 10, "ACTIVE", 0})                                                                   // or adds to it
	started := time.Now()
	for _, dry := range []bool{true, false} {
		report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{DryRun: dry})
		want := []KeptTrees{{KeptLocked, 2, 4, []uuid.UUID{id(1), id(10)}}}
		if err == nil && id(1).String() > id(10).String() {
			slices.Reverse(want[0].First)
		}
		if err != nil || report.RemovedTrees != 1 || fmt.Sprint(report.Kept) != fmt.Sprint(want) {
			t.Errorf("dry run %v: %+v, %v", dry, report, err)
		}
	}
	if waited := time.Since(started); waited > 10*time.Second {
		t.Errorf("it waited %v", waited)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{})
	if err != nil || report.RemovedTrees != 0 || len(report.Kept) != 1 || report.Kept[0].Reason != KeptUnfinished || report.Kept[0].Trees != 2 {
		t.Errorf("afterwards: %+v, %v", report, err)
	}
	if got, want := stored(t, pool), []int{1, 2, 10, 11, 12}; !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
}

func TestAChildThatComesInWhileItsTreeIsRemovedIsRefused(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40}, node{2, 1, 1, done, 40})
	result := make(chan error, 1)
	var once sync.Once
	// The tree is locked and deleted, and what it was is being written: now a client adds a child, and has to wait.
	export := writer(func([]byte) {
		once.Do(func() {
			go func() {
				_, err := pool.Exec(t.Context(), `INSERT INTO command_entities (command_id, command_type, parent_command_id, status) VALUES ($1, 3, $2, 'ACTIVE')`, id(3), id(2))
				result <- err
			}()
			eventually(t, func() bool {
				var waiting bool
				err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
				return err == nil && waiting
			})
		})
	})
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Export: export})
	if err != nil || report.RemovedCommands != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	var refusal *pgconn.PgError
	if err := <-result; !errors.As(err, &refusal) || refusal.Code != "23503" {
		t.Errorf("the child: %v", err)
	}
	if got := stored(t, pool); len(got) > 0 {
		t.Errorf("there are %v", got)
	}
}

func TestWhatWasRemovedComesBackFromTheExport(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	plant(t, pool)
	exec(t, pool, `UPDATE command_entities SET action_parameters = E'{"odd" : "\\u0000 \U0010FFFF', created_at = '-infinity', action_parameters_class = ''
		WHERE command_type IN (10, 12)`)
	exec(t, pool, `UPDATE command_entities SET action_parameters = NULL, action_parameters_class = NULL, created_at = NULL WHERE command_type IN (11, 20)`)
	rows := func() string {
		t.Helper()
		var all string
		if err := pool.QueryRow(t.Context(), `SELECT string_agg(e::text, E'\n' ORDER BY command_id) FROM command_entities e`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := rows()
	var export bytes.Buffer
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Export: &export, BatchRows: 4})
	if err != nil || report.RemovedCommands != forestGoes || strings.Count(export.String(), "\n") != forestGoes {
		t.Fatalf("%+v, %v; the export has %d lines", report, err, strings.Count(export.String(), "\n"))
	}
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		result, err := commands.Load(t.Context(), tx, &export, false)
		if result.Loaded != forestGoes {
			t.Errorf("%+v", result)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if after := rows(); after != before {
		t.Errorf("there is\n%s\nthere was\n%s", after, before)
	}
}

// sinking is an export that cannot be written, or not be brought to the disk.
type sinking struct{ synced bool }

var errDiskFull = errors.New("no space left on device")

func (s *sinking) Write(p []byte) (int, error) {
	if s.synced {
		return len(p), nil
	}
	return 0, errDiskFull
}

func (s *sinking) Sync() error { return errDiskFull }

func TestWhatCannotBeExportedIsNotRemoved(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	store(t, pool, node{1, 0, 1, done, 40}, node{2, 1, 1, done, 40})
	for _, synced := range []bool{false, true} {
		report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{Export: &sinking{synced: synced}})
		if !errors.Is(err, errDiskFull) || report.RemovedTrees != 0 {
			t.Errorf("%+v, %v", report, err)
		}
		if got := len(stored(t, pool)); got != 2 {
			t.Errorf("%d commands are left", got)
		}
	}
	if report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{}); err != nil || report.RemovedTrees != 1 {
		t.Errorf("the failed runs were not ended: %+v, %v", report, err)
	}
}

func TestAnInterruptedRunEndsAtOnceAndTheNextOneGoesOn(t *testing.T) {
	t.Parallel()
	_, pool := pooled(t)
	var nodes []node
	for i := 1; i <= 60; i++ {
		nodes = append(nodes, node{i, 0, i, done, 40})
	}
	store(t, pool, nodes...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	report, err := Cleanup(ctx, pool, monthAgo(), CleanupOptions{BatchRows: 20, Progress: func(CleanupReport, float64) { cancel() }})
	if !errors.Is(err, context.Canceled) || report.RemovedTrees == 0 || report.RemovedTrees == 60 {
		t.Fatalf("%+v, %v", report, err)
	}
	rest, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{})
	if err != nil || rest.RemovedTrees+report.RemovedTrees != 60 {
		t.Errorf("%+v, then %+v, %v", report, rest, err)
	}
}

func TestClientsWorkOnWhileCommandsAreCleanedUp(t *testing.T) {
	t.Parallel()
	db, pool := pooled(t)
	exec(t, pool, `INSERT INTO command_entities (command_id, command_type, created_at, status, finished_at)
		SELECT gen_random_uuid(), 1, now(), 'SUCCEEDED', now() - interval '40 days'
		FROM generate_series(1, 4000)`)
	exec(t, pool, `INSERT INTO command_entities (command_id, command_type, parent_command_id, status, finished_at)
		SELECT gen_random_uuid(), 2, command_id, 'SUCCEEDED', finished_at
		FROM command_entities`)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var clients sync.WaitGroup
	var mu sync.Mutex
	var longest time.Duration
	calls := 0
	for range 3 {
		conn := db.Connect(t.Context())
		clients.Go(func() {
			q, active := gen.New(conn), "ACTIVE"
			for ctx.Err() == nil {
				root, child := uuid.New(), uuid.New()
				within := uuid.NullUUID{UUID: root, Valid: true}
				for _, call := range []func() error{
					func() error {
						return q.InsertCommandEntity(t.Context(), gen.InsertCommandEntityParams{CommandID: root, CommandType: 3, Status: &active})
					},
					func() error {
						return q.InsertCommandEntity(t.Context(), gen.InsertCommandEntityParams{
							CommandID: child, CommandType: 4, Status: &active, ParentCommandID: within, RootCommandID: within,
						})
					},
					func() error {
						return q.InsertAsyncTask(t.Context(), gen.InsertAsyncTaskParams{TaskID: uuid.New(), CommandID: child})
					},
					func() error {
						return q.UpdateCommandEntityStatus(t.Context(), gen.UpdateCommandEntityStatusParams{CommandID: child, Status: done})
					},
				} {
					begun := time.Now()
					if err := call(); err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					longest, calls = max(longest, time.Since(begun)), calls+1
					mu.Unlock()
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	report, err := Cleanup(t.Context(), pool, monthAgo(), CleanupOptions{})
	stop()
	clients.Wait()
	if err != nil || report.RemovedCommands != 8000 || report.RemovedTrees != 4000 {
		t.Errorf("%+v, %v", report, err)
	}
	t.Logf("%d calls, the longest %v; %d batches in %v, the longest %v", calls, longest, report.Batches, report.Duration, report.Longest)
	if longest > 3*time.Second {
		t.Errorf("a client waited %v", longest)
	}
	var lost int
	err = pool.QueryRow(t.Context(), `SELECT count(*) FROM async_tasks t LEFT JOIN command_entities e ON e.command_id = t.command_id
		LEFT JOIN command_entities p ON p.command_id = e.parent_command_id WHERE p.command_id IS NULL`).Scan(&lost)
	if err != nil || lost > 0 {
		t.Errorf("%d tasks have lost their command or its parent, %v", lost, err)
	}
}
