package test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	load "github.com/ovirt/coco/commands"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

// undoCases is how many sequences the property is tried on.
const undoCases = 12

const (
	allCommands = `SELECT e::text FROM command_entities e ORDER BY command_id`
	allLinks    = `SELECT e::text FROM async_tasks_entities e ORDER BY 1`
	// leftOvers is whatever of coco is still there.
	leftOvers = `SELECT nspname::text FROM pg_namespace WHERE nspname = 'coco'
		UNION ALL SELECT relname FROM pg_class WHERE relname ~ '^(coco_|command_entit|schema_migrations)'
		UNION ALL SELECT proname FROM pg_proc WHERE proname ~ '(^v[0-9]+_|command_?entit)'
		UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'coco%' ORDER BY 1`
)

// TestUndoKeepsEverythingInTheOldSchemaOrInTheExport plays random calls of the procedures at every version, goes down, and looks
// for each value of each task and each command: in async_tasks or in the export, and after the next upgrade in its old place.
// COCO_UNDO_REPLAY=SEED or SEED:CALL,CALL,... plays one sequence, or these calls of it.
func TestUndoKeepsEverythingInTheOldSchemaOrInTheExport(t *testing.T) {
	t.Parallel()
	if replay := os.Getenv("COCO_UNDO_REPLAY"); replay != "" {
		c := parseUndoCase(t, replay)
		t.Logf("%s", c)
		if err := c.run(t); err != nil {
			t.Fatal(err)
		}
		return
	}
	var lost, named int
	cases := number(t, "COCO_UNDO_CASES", undoCases)
	for seed := range uint64(cases) {
		c := newUndoCase(seed)
		var err error
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { err = c.run(t) })
		lost, named = lost+c.exported, named+c.tasks
		if err != nil {
			c, err = c.shrunk(t, err)
			t.Fatalf("%v\nCOCO_UNDO_REPLAY=%s plays it again:\n%s", err, c.replay(), c)
		}
	}
	t.Logf("%d sequences: %d tasks came back, %d commands were exported and taken in again", cases, named, lost)
	if lost == 0 || named == 0 {
		t.Error("the sequences leave nothing to lose")
	}
}

// undoCase is a sequence, or some calls of it.
type undoCase struct {
	seed    uint64
	oldOnly bool
	first   []task // that are there before the first upgrade
	calls   []undoCall
	kept    []int // which calls of the sequence these are

	tasks, exported int // that were seen at the end
}

func newUndoCase(seed uint64) *undoCase {
	w := newUndoWriter(seed)
	c := &undoCase{seed: seed, oldOnly: w.oldOnly}
	for _, id := range w.tasks {
		if w.random.IntN(4) > 0 {
			c.first = append(c.first, w.task(id))
		}
	}
	c.calls = w.calls()
	for i := range c.calls {
		c.kept = append(c.kept, i)
	}
	return c
}

func parseUndoCase(t *testing.T, replay string) *undoCase {
	t.Helper()
	seed, list, some := strings.Cut(replay, ":")
	number, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	c := newUndoCase(number)
	if !some {
		return c
	}
	var kept []int
	for text := range strings.SplitSeq(list, ",") {
		call, err := strconv.Atoi(text)
		if err != nil || call < 0 || call >= len(c.calls) {
			t.Fatalf("call %q: %v", text, err)
		}
		kept = append(kept, call)
	}
	return c.only(kept)
}

func (c *undoCase) only(kept []int) *undoCase {
	whole := newUndoCase(c.seed)
	less := &undoCase{seed: c.seed, oldOnly: c.oldOnly, first: c.first, kept: kept}
	for _, i := range kept {
		less.calls = append(less.calls, whole.calls[i])
	}
	return less
}

func (c *undoCase) replay() string {
	kept := make([]string, len(c.kept))
	for i, call := range c.kept {
		kept[i] = strconv.Itoa(call)
	}
	return fmt.Sprintf("%d:%s", c.seed, strings.Join(kept, ","))
}

func (c *undoCase) String() string {
	lines := []string{fmt.Sprintf("%d tasks, old signatures only: %t", len(c.first), c.oldOnly)}
	for i, call := range c.calls {
		lines = append(lines, fmt.Sprintf("%3d %s", c.kept[i], call))
	}
	return strings.Join(lines, "\n")
}

// shrunk leaves calls out as long as it still fails.
func (c *undoCase) shrunk(t *testing.T, err error) (*undoCase, error) {
	t.Helper()
	for size := max(len(c.kept)/2, 1); size > 0; size /= 2 {
		for at := 0; at < len(c.kept); {
			less := c.only(slices.Delete(slices.Clone(c.kept), at, min(at+size, len(c.kept))))
			var failed error
			t.Run("smaller", func(t *testing.T) { failed = less.run(t) })
			if failed == nil {
				at += size
				continue
			}
			c, err = less, failed
		}
	}
	return c, err
}

// run plays the sequence in a database of its own and checks the way back.
func (c *undoCase) run(t *testing.T) error {
	t.Helper()
	ctx := t.Context()
	db := newUndoDB(t, c.first)
	var twin *pgx.Conn
	if c.oldOnly {
		twin = newUndoDB(t, c.first).conn
	}
	for _, call := range c.calls {
		if call.to != "" {
			if err := db.move(ctx, call.to); err != nil {
				return err
			}
			continue
		}
		answer, err := call.play(ctx, db.conn, db.version)
		if err != nil {
			return err
		}
		if twin == nil {
			continue
		}
		if expected, err := call.play(ctx, twin, 0); err != nil || expected != answer {
			return fmt.Errorf("%s: the twin answers %s, %w, this one %s", call, expected, err, answer)
		}
	}
	if db.version >= versionBackfill {
		findings, err := texts(ctx, db.conn, `SELECT concat_ws(' ', check_name, object, detail) FROM coco.verify(10)
			WHERE detail NOT IN ('its status is none that the engine knows', 'no task names this command')`)
		if err != nil {
			return err
		}
		if err := differ("findings before down", nil, findings); err != nil {
			return err
		}
	}
	return c.undo(ctx, db, twin)
}

// undo goes all the way down and up again, and looks for everything that was there.
func (c *undoCase) undo(ctx context.Context, db *undoDB, twin *pgx.Conn) error {
	tasks, err := texts(ctx, db.conn, allTasks)
	if err != nil {
		return err
	}
	links, err := texts(ctx, db.conn, allLinks)
	if err != nil {
		return err
	}
	commands := []string{}
	if db.version >= versionSwitch {
		if commands, err = texts(ctx, db.conn, allCommands); err != nil {
			return err
		}
	}
	var export bytes.Buffer
	result, err := db.upgrader.Down(ctx, upgrade.DownOptions{Export: &export, DiscardCommands: true})
	if err != nil {
		return fmt.Errorf("down: %w", err)
	}
	c.tasks, c.exported = len(tasks), int(result.Exported)
	for _, check := range []struct {
		what string
		conn *pgx.Conn
		sql  string
		want []string
	}{
		{"tasks after down", db.conn, allTasks, tasks},
		{"rows of async_tasks", db.conn, `SELECT t::text FROM async_tasks t ORDER BY task_id`, tasks},
		{"links after down", db.conn, allLinks, links},
		{"what is left of coco", db.conn, leftOvers, nil},
		{"tasks of the twin", twin, allTasks, tasks},
	} {
		if check.conn == nil {
			continue
		}
		got, err := texts(ctx, check.conn, check.sql)
		if err != nil {
			return err
		}
		if err := differ(check.what, check.want, got); err != nil {
			return err
		}
	}
	return db.again(ctx, tasks, commands, export.Bytes())
}

// undoDB is an engine's database on its way up and down.
type undoDB struct {
	conn     *pgx.Conn
	upgrader *upgrade.Upgrader
	version  int64
}

func newUndoDB(t *testing.T, tasks []task) *undoDB {
	t.Helper()
	db := engine(t)
	config, err := connect.Config(connect.Options{Database: db.URL})
	if err != nil {
		t.Fatal(err)
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	conn := plainConnection(t, db)
	insert(t, conn, tasks)
	return &undoDB{conn: conn, upgrader: upgrader}
}

// plainConnection keeps no prepared statements: the procedures change under it.
func plainConnection(t *testing.T, db *testdb.DB) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// move goes to the end of a phase. On the way up from before the switch, commands that no task names stop it: they are from a time
// after the switch.
func (db *undoDB) move(ctx context.Context, to upgrade.Phase) error {
	target := db.upgrader.Chain().End(to)
	if target < db.version {
		result, err := db.upgrader.Down(ctx, upgrade.DownOptions{To: to})
		db.version = result.To
		return err
	}
	result, err := db.upgrader.Up(ctx, upgrade.UpOptions{To: to, Force: to == upgrade.Retire})
	below := db.version < versionSwitch
	db.version = result.To
	if below && db.version < versionSwitch && errors.Is(err, upgrade.ErrDrift) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("move to %s: %w", to, err)
	}
	return nil
}

// again upgrades once more: every command is there as it was, or it is in the export; with the export taken in, all are there.
func (db *undoDB) again(ctx context.Context, tasks, commands []string, export []byte) error {
	if _, err := db.upgrader.Up(ctx, upgrade.UpOptions{To: upgrade.Contract}); err != nil {
		return fmt.Errorf("up again: %w", err)
	}
	fresh, err := texts(ctx, db.conn, allCommands)
	if err != nil {
		return err
	}
	exported, err := texts(ctx, db.conn, `SELECT json_populate_record(NULL::command_entities, line::json)::text
		FROM regexp_split_to_table($1, '\n') AS line WHERE line <> ''`, string(export))
	if err != nil {
		return err
	}
	for _, command := range commands {
		if !slices.Contains(fresh, command) && !slices.Contains(exported, command) {
			return fmt.Errorf("neither made again nor exported: %.300s", command)
		}
	}
	if err := db.sameTasks(ctx, "after the second upgrade", tasks); err != nil {
		return err
	}
	for range 2 { // the second time changes nothing
		err := db.upgrader.Transact(ctx, upgrade.TransactOptions{}, func(ctx context.Context, tx pgx.Tx) error {
			_, err := load.Load(ctx, tx, bytes.NewReader(export), true)
			return err
		})
		if err != nil {
			return fmt.Errorf("load: %w", err)
		}
		loaded, err := texts(ctx, db.conn, allCommands)
		if err != nil {
			return err
		}
		for _, command := range commands {
			if !slices.Contains(loaded, command) {
				return fmt.Errorf("not there after loading: %.300s", command)
			}
		}
		if err := db.sameTasks(ctx, "after loading", tasks); err != nil {
			return err
		}
	}
	return nil
}

// sameTasks compares the tasks, and lets the database verify itself.
func (db *undoDB) sameTasks(ctx context.Context, when string, want []string) error {
	now, err := texts(ctx, db.conn, allTasks)
	if err != nil {
		return err
	}
	if err := differ("tasks "+when, want, now); err != nil {
		return err
	}
	findings, err := texts(ctx, db.conn, `SELECT concat_ws(' ', check_name, object, detail) FROM coco.verify(10)
		WHERE detail <> 'its status is none that the engine knows'`)
	if err != nil {
		return err
	}
	return differ("findings "+when, nil, findings)
}

// texts is query for a caller that shrinks what fails.
func texts(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// differ is same for a caller that shrinks what fails.
func differ(what string, want, got []string) error {
	for i := range max(len(want), len(got)) {
		w, g := "nothing", "nothing"
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			return fmt.Errorf("%s: row %d of %d/%d\nwant %.300s\n got %.300s", what, i, len(want), len(got), w, g)
		}
	}
	return nil
}
