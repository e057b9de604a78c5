package upgrade_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/driver"
)

// chain is the migrations that the program carries, and their files.
func chain(t *testing.T) (*upgrade.Chain, fs.FS) {
	t.Helper()
	files, err := fs.Sub(sql.Schema, "schema")
	if err != nil {
		t.Fatal(err)
	}
	chain, err := upgrade.LoadChain(files)
	if err != nil {
		t.Fatal(err)
	}
	return chain, files
}

func TestMigrationsTakeTheLocksThatTheyDeclareAndNoOthers(t *testing.T) {
	db := engine(t)
	before := engineTables(t, db)
	chain, files := chain(t)
	for _, directed := range []struct {
		steps []upgrade.Step
		one   int
	}{{chain.Ups(), 1}, {chain.Downs(), -1}} {
		for _, step := range directed.steps {
			var taken map[string]string
			m := migrateWith(t, db, files, func(_ context.Context, tx pgx.Tx, _ driver.Move) error {
				taken = locksHeld(t, tx, before)
				return nil
			})
			written := fileNodes(t, db)
			if err := m.Steps(directed.one); err != nil {
				t.Fatalf("%s %s: %v", step, step.Direction, err)
			}
			declared := map[string]string{}
			for _, lock := range step.Locks {
				declared[lock.Table] += string(lock.Mode)
			}
			if !maps.Equal(declared, taken) {
				t.Errorf("%s %s declares the locks %v, but takes %v", step, step.Direction, declared, taken)
			}
			if rewritten := changed(written, fileNodes(t, db), before); !slices.Equal(rewritten, step.Rewrites) {
				t.Errorf("%s %s declares to rewrite %v, but rewrites %v", step, step.Direction, step.Rewrites, rewritten)
			}
			// Something in the change log for the next one.
			exec(t, db, `UPDATE async_tasks SET status = status WHERE task_id = (SELECT task_id FROM async_tasks ORDER BY task_id LIMIT 1)`)
		}
	}
}

func TestActionsBetweenMigrationsTakeTheLocksThatThePlanNames(t *testing.T) {
	db := engine(t)
	before := engineTables(t, db)
	upgrader, _ := newUpgrader(t, db.URL)
	reached := map[upgrade.Kind]bool{}
	look := func(plan upgrade.Plan) {
		conn := db.Connect(t.Context())
		for _, a := range plan.Steps {
			if a.Kind == upgrade.KindApply || a.Kind == upgrade.KindTakeBack {
				return // what comes behind it needs it
			}
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Conn().PgConn().Exec(t.Context(), a.SQL).ReadAll(); err != nil {
				t.Fatalf("%s before %s: %v", a.Kind, a.Name, err)
			}
			taken := locksHeld(t, tx, before)
			for _, lock := range a.Locks {
				mode := upgrade.LockMode(taken[lock.Table])
				if !includes(lock.Mode, mode) {
					t.Errorf("%s before %s: the plan names the lock %s, it takes %s", a.Kind, a.Name, lock, mode)
				}
				reached[a.Kind] = reached[a.Kind] || mode == lock.Mode
				delete(taken, lock.Table)
			}
			if len(taken) > 0 {
				t.Errorf("%s before %s takes locks %v that the plan does not name", a.Kind, a.Name, taken)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, phase := range upgrade.Phases() {
		plan, err := upgrader.PlanUp(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		look(plan)
		if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: phase, Force: phase == upgrade.Retire}); err != nil {
			t.Fatal(err)
		}
		if phase == upgrade.Expand || phase == upgrade.Backfill || phase == upgrade.Prove { // something to catch up with
			exec(t, db, `UPDATE async_tasks SET action_parameters = action_parameters || ' '`)
		}
	}
	plan, err := upgrader.PlanDown(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	look(plan)
	// Catching up locks rows between the migrations of the switch, where no phase ends.
	for _, kind := range []upgrade.Kind{upgrade.KindBackfill, upgrade.KindExport} {
		if !reached[kind] {
			t.Errorf("%s never takes the lock that the plan names", kind)
		}
	}
}

// engineTables are the tables that are there before coco, by oid.
func engineTables(t *testing.T, db *testdb.DB) map[uint32]string {
	t.Helper()
	conn := db.Connect(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[uint32]string{}
	var (
		oid  uint32
		name string
	)
	if _, err := pgx.ForEachRow(rows, []any{&oid, &name}, func() error { tables[oid] = name; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(tables) < 4 {
		t.Fatalf("the fixture has only %v", tables)
	}
	return tables
}

// locksHeld are the strongest locks that a transaction holds on tables, by their names.
func locksHeld(t *testing.T, tx pgx.Tx, tables map[uint32]string) map[string]string {
	t.Helper()
	rows, err := tx.Query(t.Context(), `SELECT relation, mode FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid()
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY relation, mode`)
	if err != nil {
		t.Fatal(err)
	}
	held := map[string][]upgrade.LockMode{}
	var (
		oid  uint32
		mode string
	)
	if _, err := pgx.ForEachRow(rows, []any{&oid, &mode}, func() error {
		if name, ok := tables[oid]; ok {
			held[name] = append(held[name], upgrade.ParseLockMode(mode))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	strongest := map[string]string{}
	for table, modes := range held {
		for _, mode := range modes {
			if !slices.ContainsFunc(modes, func(other upgrade.LockMode) bool { return other != mode && includes(other, mode) }) {
				strongest[table] += string(mode)
			}
		}
	}
	return strongest
}

// conflicts are PostgreSQL's: the modes that each mode does not go together with.
var conflicts = map[upgrade.LockMode]string{
	upgrade.AccessShare: "8", upgrade.RowShare: "78", upgrade.RowExclusive: "5678", upgrade.ShareUpdateExclusive: "45678",
	upgrade.Share: "34678", upgrade.ShareRowExclusive: "345678", upgrade.Exclusive: "2345678", upgrade.AccessExclusive: "12345678",
}

// includes says whether one mode keeps out whatever the other does.
func includes(one, other upgrade.LockMode) bool {
	return !strings.ContainsFunc(conflicts[other], func(mode rune) bool { return !strings.ContainsRune(conflicts[one], mode) })
}

func migrateWith(t *testing.T, db *testdb.DB, files fs.FS, after func(context.Context, pgx.Tx, driver.Move) error) *migrate.Migrate {
	t.Helper()
	source, err := iofs.New(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	m, err := migrate.NewWithInstance("coco", source, "coco",
		driver.New(t.Context(), db.Connect(t.Context()), driver.Config{After: after}))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// fileNodes are the files that tables are stored in: a table that is written anew has another one.
func fileNodes(t *testing.T, db *testdb.DB) map[uint32]uint32 {
	t.Helper()
	conn := db.Connect(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT oid, relfilenode FROM pg_class WHERE relkind = 'r'`)
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[uint32]uint32{}
	var oid, node uint32
	if _, err := pgx.ForEachRow(rows, []any{&oid, &node}, func() error { nodes[oid] = node; return nil }); err != nil {
		t.Fatal(err)
	}
	return nodes
}

func changed(before, after map[uint32]uint32, tables map[uint32]string) []string {
	var names []string
	for oid, name := range tables {
		if before[oid] != after[oid] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestDocumentationNamesTheLocksThatAreDeclared(t *testing.T) {
	text, err := os.ReadFile("../docs/how-it-works.md")
	if err != nil {
		t.Fatal(err)
	}
	chain, _ := chain(t)
	downs := chain.Downs()
	slices.Reverse(downs)
	for i, step := range chain.Ups() {
		begin := fmt.Sprintf("| %d %s | %s | ", step.Version, step.Name, step.Phase)
		end := fmt.Sprintf(" | %s | %s |\n", inDocumentation(step.Locks), inDocumentation(downs[i].Locks))
		found := false
		for line := range strings.Lines(string(text)) {
			found = found || strings.HasPrefix(line, begin) && strings.HasSuffix(line, end)
		}
		if !found {
			t.Errorf("the table has no line %s…%s", begin, end)
		}
	}
}

func inDocumentation(locks []upgrade.Lock) string {
	if len(locks) == 0 {
		return "none"
	}
	var texts []string
	for _, lock := range locks {
		texts = append(texts, strings.ToLower(string(lock.Mode))+" on `"+lock.Table+"`")
	}
	return strings.Join(texts, ", ")
}

func TestLockModesSayWhomTheyKeepWaiting(t *testing.T) {
	for mode, keepsOut := range conflicts {
		want := upgrade.Nobody
		switch {
		case strings.Contains(keepsOut, "1"): // ACCESS SHARE, of readers
			want = upgrade.Everybody
		case strings.Contains(keepsOut, "3"): // ROW EXCLUSIVE, of writers
			want = upgrade.Writers
		}
		if got := mode.Blocks(); got != want {
			t.Errorf("%s: %s, want %s", mode, got, want)
		}
		for other := range conflicts {
			if got := mode.Includes(other); got != includes(mode, other) {
				t.Errorf("%s includes %s: %t", mode, other, got)
			}
		}
	}
}
