package coordinator

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

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
	exec(t, db, `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, task_type) VALUES (md5(random()::text)::uuid, 1, 2, 0, $1, 1)`, id(n))
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

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came to that")
		}
	}
}
