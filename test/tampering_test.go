package test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/snapshot"
	"github.com/ovirt/coco/internal/testdb"
	cocosql "github.com/ovirt/coco/sql"
)

// A tampering case is one row of one table, altered, added or removed by hand between two migrations.
//
// What is tampering depends on the moment. Until the switch async_tasks counts, and whoever writes it while the triggers see it does
// the engine's work: it is carried over. The same is a command that is added, or a task that is removed, from the switch on; there the
// procedures do just that. Everything else is tampering:
//
//	async_tasks       with its triggers off: a moved column or the command altered, a row added or removed
//	                  after the switch also with triggers on, but for a row that is removed
//	command_entities  what a task reads back altered, a row added (until the switch) or removed
//	                  until the switch, with triggers on: also its type, its times and its status
//	coco.archive      what is kept altered, a row added or removed
//
// What no task reads back is told by nothing, and not tried: with triggers off a command's type, times and status; the root of a
// command that has a parent, and the links of one without a task of its own; a command that holds nothing at all.
type tamperCase struct {
	version          int // the migrations so far
	table, operation string
	way              string
}

var (
	tamperTables     = []string{"async_tasks", "command_entities", "coco.archive"}
	tamperOperations = []string{"altered", "added", "removed"}
	tamperWays       = map[string]struct{ before, after string }{
		"triggers on":  {},
		"as a replica": {`SET LOCAL session_replication_role = replica`, `SET LOCAL session_replication_role = origin`},
		"triggers off": {unseen["triggers off"].before, unseen["triggers off"].after},
		"user triggers off": {
			strings.ReplaceAll(unseen["triggers off"].before, "TRIGGER ALL", "TRIGGER USER"),
			strings.ReplaceAll(unseen["triggers off"].after, "TRIGGER ALL", "TRIGGER USER"),
		},
	}
)

// tamperCases are all combinations, in a fixed order.
func tamperCases() []tamperCase {
	var all []tamperCase
	for version := versionProve; version <= versionSwitch; version++ {
		for _, table := range tamperTables {
			for _, operation := range tamperOperations {
				for _, way := range []string{"triggers on", "as a replica", "triggers off", "user triggers off"} {
					all = append(all, tamperCase{version, table, operation, way})
				}
			}
		}
	}
	return all
}

func (c tamperCase) String() string {
	return fmt.Sprintf("version %d, %s, %s, %s", c.version, c.table, c.operation, c.way)
}

// seen says whether the triggers that log changes fire: those of coco do in a replica too.
func (c tamperCase) seen() bool { return c.way == "triggers on" || c.way == "as a replica" }

// keyed says whether foreign keys are enforced.
func (c tamperCase) keyed() bool { return c.way == "triggers on" || c.way == "user triggers off" }

// work says whether somebody may do this at that moment.
func (c tamperCase) work() bool {
	switch c.table {
	case "async_tasks":
		return c.seen() && (c.version < versionSwitch || c.operation == "removed")
	case "command_entities":
		return c.version >= versionSwitch && c.operation == "added"
	}
	return false
}

// Values to put into a column, as SQL over the row.
func newTexts(column string, random *rand.Rand) []string {
	return []string{
		column + " || ' '", fmt.Sprintf("'%x'", random.Uint64()), "NULL", "''", "left(" + column + ", -1)",
		"upper(" + column + ")", "substr(repeat(" + column + ", 3), 1, 250)",
	}
}

func newClasses(column string, random *rand.Rand) []string {
	return []string{fmt.Sprintf("'%x'", random.Uint64()), "NULL", "''", "left(" + column + ", -1)"}
}

func newID(random *rand.Rand) string { return fmt.Sprintf("md5('%d')::uuid", random.Uint64()) }

// anotherCommand is a command that is there, other than this one, chosen by chance.
func anotherCommand(random *rand.Rand) string {
	return fmt.Sprintf("(SELECT o.command_id FROM command_entities o WHERE o.command_id <> e.command_id ORDER BY md5(o.command_id::text || '%d') LIMIT 1)",
		random.Uint64())
}

func newLinks(random *rand.Rand) []string {
	return []string{newID(random), "NULL", "'00000000-0000-0000-0000-000000000000'"}
}

// assignment is a column and what it becomes, as SQL.
type assignment struct{ column, value string }

// alteration is something that can be done to rows for which a condition holds, in one of several ways.
type alteration struct {
	where string
	ways  [][]assignment
}

// to gives one column one of several values.
func to(where, column string, values ...string) alteration {
	a := alteration{where: where}
	for _, value := range values {
		a.ways = append(a.ways, []assignment{{column, value}})
	}
	return a
}

// sql is a statement that takes one of the ways; it changes no row that is like that already.
func (a alteration) sql(random *rand.Rand, table, row string) string {
	var sets, differs []string
	for _, one := range a.ways[random.IntN(len(a.ways))] {
		sets = append(sets, one.column+" = "+one.value)
		differs = append(differs, fmt.Sprintf("e.%s IS DISTINCT FROM (%s)", one.column, one.value))
	}
	return fmt.Sprintf("UPDATE %s e SET %s WHERE %s AND (%s)", table, strings.Join(sets, ", "), row, strings.Join(differs, " OR "))
}

// alterations are what can be altered in a case.
func (c tamperCase) alterations(random *rand.Rand) []alteration {
	switch c.table {
	case "async_tasks":
		return c.ofTasks(random)
	case "command_entities":
		return c.ofCommands(random)
	}
	text := fmt.Sprintf("'%x'", random.Uint64())
	keeps := func(flag, column, value string) alteration {
		return alteration{"NOT " + flag, [][]assignment{{{flag, "true"}, {column, value}}}}
	}
	return []alteration{
		to("keeps_action", "keeps_action", "false"), to("keeps_task", "keeps_task", "false"), to("keeps_root", "keeps_root", "false"),
		to("keeps_action", "action_parameters", newTexts("action_parameters", random)...),
		to("keeps_action", "action_params_class", newClasses("action_params_class", random)...),
		to("keeps_task", "task_parameters", newTexts("task_parameters", random)...),
		to("keeps_task", "task_params_class", newClasses("task_params_class", random)...),
		to("keeps_root", "root_command_id", newLinks(random)...),
		keeps("keeps_action", "action_parameters", text), keeps("keeps_task", "task_params_class", text),
		keeps("keeps_root", "root_command_id", newID(random)),
		to("true", "task_id", newID(random)),
	}
}

func (c tamperCase) ofTasks(random *rand.Rand) []alteration {
	all := []alteration{
		to("true", "action_parameters", newTexts("action_parameters", random)...),
		to("true", "action_params_class", newClasses("action_params_class", random)...),
		to("true", "task_parameters", newTexts("task_parameters", random)...),
		to("true", "task_params_class", newClasses("task_params_class", random)...),
		to("true", "root_command_id", newLinks(random)...),
		to("true", "command_id", newID(random)),
	}
	if !c.work() {
		return all
	}
	return append(all, // these stay in async_tasks: nothing else depends on them
		to("true", "status", "status + 1"), to("true", "result", "result + 1"), to("true", "task_type", "task_type + 1"),
		to("true", "action_type", "action_type + 1"), to("true", "step_id", newLinks(random)...),
		to("true", "vdsm_task_id", newLinks(random)...), to("true", "started_at", "now()"))
}

func (c tamperCase) ofCommands(random *rand.Rand) []alteration {
	const ofATask = ` AND EXISTS (SELECT FROM coco.ledger l LEFT JOIN coco.archive a ON a.task_id = l.task_id
		WHERE l.command_id = e.command_id AND a.keeps_root IS NOT TRUE)`
	child := to("parent_command_id IS NOT NULL"+ofATask, "parent_command_id", anotherCommand(random))
	child.ways = append(child.ways, []assignment{{"parent_command_id", "NULL"}, {"root_command_id", "NULL"}})
	all := []alteration{
		to("true", "action_parameters", newTexts("action_parameters", random)...),
		to("true", "action_parameters_class", newClasses("action_parameters_class", random)...),
		child,
		to("parent_command_id IS NULL"+ofATask, "root_command_id", anotherCommand(random), "NULL"),
		to(c.removable()+" AND (e.root_command_id IS DISTINCT FROM e.command_id OR NOT "+strconv.FormatBool(c.keyed())+")",
			"command_id", newID(random)), // one that is its own root refers to itself
	}
	if c.version >= versionSwitch || !c.seen() {
		return all
	}
	return append(all, // until the switch no procedure changes these
		to("command_type <> 0", "command_type", "command_type + 1", "0"),
		to("status = 'ACTIVE'", "status", "'SUCCEEDED'", "'NOT_STARTED'", "NULL"),
		to("true", "created_at", "created_at + interval '1 microsecond'", "NULL"),
		to("true", "finished_at", "now()"))
}

// removable are the commands that can be taken out: where keys are enforced, only those that no other hangs below.
func (c tamperCase) removable() string {
	where := "(e.action_parameters IS NOT NULL OR e.action_parameters_class IS NOT NULL)"
	if c.keyed() {
		where += ` AND NOT EXISTS (SELECT FROM command_entities o WHERE o.command_id <> e.command_id
			AND e.command_id IN (o.parent_command_id, o.root_command_id))`
	}
	return where
}

// key is the primary key of a case's table.
func (c tamperCase) key() string {
	if c.table == "command_entities" {
		return "command_id"
	}
	return "task_id"
}

// tamper makes the change, to exactly one row, and says what it was.
func (c tamperCase) tamper(t *testing.T, conn *pgx.Conn, random *rand.Rand) string {
	t.Helper()
	exec(t, conn, on(tamperWays[c.way].before, c.table))
	made := ""
	for made == "" {
		statement := c.statement(random)
		tag, err := conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			t.Fatalf("%s: %s: %v", c, statement, err)
		}
		if tag.RowsAffected() == 1 { // else it would have put there what was there
			made = statement
		}
	}
	exec(t, conn, on(tamperWays[c.way].after, c.table))
	return strings.Join(strings.Fields(made), " ")
}

// statement is a change to a row that is chosen by chance; it changes none when the value is the same as before.
func (c tamperCase) statement(random *rand.Rand) string {
	seed := random.Uint64()
	pick := func(where string) string {
		return fmt.Sprintf("(SELECT e.%[1]s FROM %[2]s e WHERE %[3]s ORDER BY md5(e.%[1]s::text || '%[4]d') LIMIT 1)", c.key(), c.table, where, seed)
	}
	switch c.operation {
	case "altered":
		all := c.alterations(random)
		one := all[random.IntN(len(all))]
		return one.sql(random, c.table, "e."+c.key()+" = "+pick(one.where))
	case "removed":
		where := "true"
		switch c.table {
		case "command_entities":
			where = c.removable()
		case "async_tasks":
			where = "NOT EXISTS (SELECT FROM async_tasks_entities l WHERE l.async_task_id = e.task_id)" // its links would go too
		}
		return fmt.Sprintf("DELETE FROM %s e WHERE e.%s = %s", c.table, c.key(), pick(where))
	}
	return c.addition(random)
}

func (c tamperCase) addition(random *rand.Rand) string {
	id, text := newID(random), fmt.Sprintf("'%x'", random.Uint64())
	oneOf := func(values ...string) string { return values[random.IntN(len(values))] }
	switch c.table {
	case "async_tasks":
		return fmt.Sprintf(`INSERT INTO async_tasks (task_id, action_type, status, result, command_id, root_command_id, action_parameters,
			action_params_class, task_parameters) VALUES (%s, %d, %d, %d, %s, %s, %s, %s, %s)`, id, random.IntN(999), random.IntN(6), random.IntN(4),
			oneOf(newID(random), "(SELECT min(command_id::text)::uuid FROM command_entities)"), oneOf(newLinks(random)...),
			oneOf(text, "NULL", "''"), oneOf(text, "NULL"), oneOf(text, "NULL", "''"))
	case "command_entities":
		return fmt.Sprintf(`INSERT INTO command_entities (command_id, command_type, parent_command_id, action_parameters, status, created_at)
			VALUES (%s, %d, %s, %s, %s, now())`, id, random.IntN(999),
			oneOf("NULL", "(SELECT min(command_id::text)::uuid FROM command_entities)"), oneOf(text, "NULL", "''"), oneOf("'ACTIVE'", "NULL"))
	}
	columns, values := "keeps_root, keeps_action, action_parameters, keeps_task", "false, true, "+text+", false"
	switch random.IntN(3) {
	case 0:
		columns, values = "keeps_root, root_command_id, keeps_action, keeps_task", "true, "+newID(random)+", false, false"
	case 1:
		columns, values = "keeps_root, keeps_task, task_params_class, keeps_action", "false, true, "+text+", false"
	}
	if random.IntN(4) > 0 {
		id = fmt.Sprintf(`(SELECT t.task_id FROM async_tasks t WHERE NOT EXISTS (SELECT FROM coco.archive a WHERE a.task_id = t.task_id)
			ORDER BY md5(t.task_id::text || '%d') LIMIT 1)`, random.Uint64())
	}
	return fmt.Sprintf("INSERT INTO coco.archive (task_id, %s) VALUES (%s, %s)", columns, id, values)
}

// tamperTemplate is a database with the sample and generated tasks that some migrations were applied to.
func tamperTemplate(version int) testdb.Template {
	template := workload(nil)
	load := template.Build
	template.Name, template.Hash = "tampering", testdb.Hash(template.Hash, tamperChain(), strconv.Itoa(version))
	template.Build = func(ctx context.Context, url string) error {
		if err := load(ctx, url); err != nil {
			return err
		}
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		for v := 1; v <= version; v++ {
			if err := apply(ctx, conn, v, "up"); err != nil {
				return err
			}
		}
		_, err = conn.Exec(ctx, fmt.Sprintf(`CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
			INSERT INTO schema_migrations VALUES (%d, false)`, version), pgx.QueryExecModeSimpleProtocol)
		return err
	}
	return template
}

// tamperChain is the text of all migrations.
func tamperChain() string {
	var all strings.Builder
	_ = fs.WalkDir(cocosql.Schema, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			script, _ := fs.ReadFile(cocosql.Schema, path)
			all.Write(script)
		}
		return err
	})
	return all.String()
}

// tamperDatabase is a copy of that database, made one of its own: a copy of another database would have everything compared, always.
func tamperDatabase(t *testing.T, version int) (*testdb.DB, *pgx.Conn) {
	t.Helper()
	db := testdb.New(t, testdb.Options{Template: tamperTemplate(version)})
	conn := db.Connect(t.Context())
	exec(t, conn, `SELECT coco.move_in(true)`)
	exec(t, conn, keepAll)
	return db, conn
}

// unsettled is where a run that is refused may have been at work before: what it catches up with, and whom it waits for.
var unsettled = []string{"coco.change_log", "coco.change_log_seq_seq", "coco.to_release", "coco.to_release_seq_seq", "coco.drain"}

// tamperTally counts what became of the cases.
type tamperTally struct {
	mu                         sync.Mutex
	refused, carried, programs int
	by                         map[string]int
}

func (y *tamperTally) count(c tamperCase, program bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	outcome := "refused"
	if c.work() {
		outcome = "carried over"
		y.carried++
	} else {
		y.refused++
	}
	if program {
		y.programs++
	}
	y.by[fmt.Sprintf("%-12s  version %d", outcome, c.version)]++
	y.by[fmt.Sprintf("%-12s  %-16s  %-7s  %s", outcome, c.table, c.operation, c.way)]++
}

// TestTamperingWithOneRowIsRefusedByName changes one row by hand between the proof and contract, again and again: any of the tables, any
// row, any way. Each time the next migration refuses and names the row. What is somebody's right is carried over instead.
func TestTamperingWithOneRowIsRefusedByName(t *testing.T) {
	t.Parallel()
	wanted, seed := number(t, "COCO_TAMPER_CASES", 60), number(t, "COCO_TAMPER_SEED", 1)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	lists := map[int][]tamperJob{}
	for n, tampered := 0, 0; tampered < wanted; {
		all := tamperCases()
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, c := range all {
			if tampered == wanted {
				break
			}
			if !c.work() {
				tampered++
			}
			n++
			lists[c.version] = append(lists[c.version], tamperJob{
				tamperCase: c, random: rand.New(rand.NewPCG(uint64(seed), uint64(n))), program: !c.work() && tampered%10 == 0,
			})
		}
	}

	tally := &tamperTally{by: map[string]int{}}
	t.Run("versions", func(t *testing.T) {
		for version, list := range lists {
			t.Run(strconv.Itoa(version), func(t *testing.T) {
				t.Parallel()
				_, conn := tamperDatabase(t, version)
				for _, job := range list {
					switch {
					case job.work():
						job.carriesOver(t)
					case job.program:
						job.programRefuses(t)
					default:
						job.refuses(t, conn)
					}
					tally.count(job.tamperCase, job.program)
				}
			})
		}
	})
	for _, line := range slices.Sorted(maps.Keys(tally.by)) {
		t.Logf("%4d  %s", tally.by[line], line)
	}
	t.Logf("%d times one row was tampered with: %d refusals that name it, %d of them by the whole program (exit code %d, and nothing was changed)",
		wanted, tally.refused, tally.programs, exitDrift)
	t.Logf("%d times one row was changed by somebody who may: carried over", tally.carried)
	if tally.refused != wanted && !t.Failed() {
		t.Errorf("%d refusals, want %d", tally.refused, wanted)
	}
}

// tamperJob is a case that is tried once.
type tamperJob struct {
	tamperCase

	random  *rand.Rand
	program bool // by the whole program, on a database of its own; else by the next migration, in a transaction that is rolled back
}

// refuses tampers and applies the next migration, in a transaction that is rolled back.
func (j tamperJob) refuses(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	exec(t, conn, `BEGIN`)
	defer func() { exec(t, conn, `ROLLBACK`) }()
	made := j.tamper(t, conn, j.random)
	rows := changedRows(t, conn)
	err := apply(t.Context(), conn, j.version+1, "up")
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || refusal.Code != "CO004" || refusal.Hint == "" {
		t.Errorf("%s: %s\ngot %v, want it refused with SQLSTATE CO004 and a hint", j, made, err)
	} else if !containsOne(refusal.Message, rows) {
		t.Errorf("%s: %s\n%q names none of %q", j, made, refusal.Message, rows)
	}
}

// change tampers and commits.
func (j tamperJob) change(t *testing.T, conn *pgx.Conn) (made string) {
	t.Helper()
	exec(t, conn, `BEGIN`)
	made = j.tamper(t, conn, j.random)
	exec(t, conn, `COMMIT`)
	return made
}

// programRefuses runs the whole program on a database that was tampered with.
func (j tamperJob) programRefuses(t *testing.T) {
	t.Helper()
	db, conn := tamperDatabase(t, j.version)
	made := j.change(t, conn)
	rows := changedRows(t, conn)
	before := databaseLines(t, db)
	run := upgradeTool(t, db.URL, exitDrift, "up", "--to", "contract")
	if !containsOne(run.stderr.String(), rows) {
		t.Errorf("%s: %s\nnone of %q is named:\n%s", j, made, rows, run.output())
	}
	same(t, "after the refusal", before, databaseLines(t, db))
	j.end(t, conn)
}

func databaseLines(t *testing.T, db *testdb.DB) []string {
	t.Helper()
	conn := db.Connect(t.Context())
	defer func() { _ = conn.Close(t.Context()) }()
	lines, err := snapshot.Take(t.Context(), conn, snapshot.Options{ExceptRows: unsettled})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// carriesOver runs the whole program after somebody has changed a row who may, and looks for the change behind contract.
func (j tamperJob) carriesOver(t *testing.T) {
	t.Helper()
	db, conn := tamperDatabase(t, j.version)
	made := j.change(t, conn)
	if len(changedRows(t, conn)) == 0 {
		t.Errorf("%s: nothing was changed: %s", j, made)
	}
	const tasksThen, tasksNow = `SELECT t::text FROM async_tasks t ORDER BY task_id`, `SELECT v::text FROM coco.async_task v ORDER BY task_id`
	const commands = `SELECT e::text FROM command_entities e ORDER BY command_id`
	source := tasksThen
	if j.version >= versionSwitch {
		source = tasksNow
	}
	wantTasks, wantCommands := query(t, conn, source), query(t, conn, commands)
	upgradeTool(t, db.URL, exitDone, "up", "--to", "contract")
	same(t, fmt.Sprintf("%s: %s: tasks behind contract", j, made), wantTasks, query(t, conn, allTasks))
	if j.version >= versionSwitch {
		same(t, fmt.Sprintf("%s: %s: commands behind contract", j, made), wantCommands, query(t, conn, commands))
	}
	holds(t, conn)
	j.end(t, conn)
}

func (j tamperJob) end(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
