package procedures

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
)

// answer is what a call in another session came to.
type answer struct {
	rows []string
	err  error
}

// begin makes a call in another session and returns when it waits for a lock; the answer comes when it has got it.
func begin(t *testing.T, db *testdb.DB, conn *pgx.Conn, sql string) <-chan answer {
	t.Helper()
	pid := conn.PgConn().PID()
	answers := make(chan answer, 1)
	go func() {
		rows, err := ask(t.Context(), conn, sql)
		answers <- answer{rows, err}
	}()
	watch := db.Connect(t.Context())
	for {
		var waits bool
		err := watch.QueryRow(t.Context(), `SELECT COALESCE(bool_or(wait_event_type = 'Lock'), false) FROM pg_stat_activity WHERE pid = $1`,
			pid).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
		if waits {
			return answers
		}
		select {
		case early := <-answers:
			t.Fatalf("%s did not wait: %q, %v", sql, early.rows, early.err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// later makes a call in another session in a moment. What it returns waits for that, and sees that it was not called before.
func later(t *testing.T, conn *pgx.Conn, sql string) (waited func()) {
	t.Helper()
	const moment = 200 * time.Millisecond
	begun, ended := time.Now(), make(chan error, 1)
	time.AfterFunc(moment, func() {
		_, err := ask(t.Context(), conn, sql)
		ended <- err
	})
	return func() {
		t.Helper()
		if time.Since(begun) < moment {
			t.Error("it did not wait")
		}
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// sees makes a call and compares its rows.
func sees(t *testing.T, conn *pgx.Conn, sql string, want ...string) {
	t.Helper()
	got, err := ask(t.Context(), conn, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant %q\n got %q", sql, want, got)
	}
}

func two(t *testing.T, db *testdb.DB) (first, second *pgx.Conn) {
	t.Helper()
	return db.Connect(t.Context()), db.Connect(t.Context())
}

func TestTwoSessionsUpsertTheSameTask(t *testing.T) {
	t.Parallel()
	db := at(t, atRetire)
	a, b := two(t, db)
	exec(t, a, `BEGIN; SELECT insertorupdateasynctasks(4, 0, 2, {v}, {t}, NULL, {c}, '2014-01-01', {sp}, 1)`)
	second := begin(t, db, b, `SELECT insertorupdateasynctasks(5, 1, 3, {w}, {t}, NULL, {d}, '2015-01-01', {sp}, 7)`)
	exec(t, a, `COMMIT`)
	if got := <-second; got.err != nil {
		t.Fatal(got.err)
	}
	// The second found the task of the first: its time and its type stay.
	sees(t, a, `SELECT command_id, result, task_type, started_at::date FROM async_tasks`, "{d}|1|1|2014-01-01")
}

func TestTwoSessionsUpsertTheSameCommand(t *testing.T) {
	t.Parallel()
	db := at(t, atRetire)
	a, b := two(t, db)
	upsert := func(parameters string) string {
		return `SELECT insertorupdatecommandentity({c}, 1, NULL, NULL, '` + parameters + `', 'C', NULL, 'ACTIVE');`
	}
	exec(t, a, `BEGIN; `+upsert("first"))
	second := begin(t, db, b, upsert("second"))
	exec(t, a, `COMMIT`)
	if got := <-second; got.err != nil {
		t.Fatal(got.err)
	}
	sees(t, a, `SELECT action_parameters FROM command_entities`, "second")

	exec(t, a, `BEGIN; SELECT deletecommandentity({c})`)
	third := begin(t, db, b, upsert("third"))
	exec(t, a, `COMMIT`)
	if got := <-third; got.err != nil {
		t.Fatal(got.err)
	}
	sees(t, a, `SELECT action_parameters FROM command_entities`, "third")

	exec(t, a, `BEGIN; SELECT 1 FROM command_entities FOR UPDATE`)
	fourth := begin(t, db, b, upsert("fourth")) // it is there, and so to be updated
	exec(t, a, `SELECT deletecommandentity({c}); COMMIT`)
	if got := <-fourth; got.err != nil {
		t.Fatal(got.err)
	}
	sees(t, a, `SELECT action_parameters FROM command_entities`, "fourth")
}

// Before retire tasks share their commands, and no client waits for another one at a command: what it cannot have, the task keeps.
func TestTwoSessionsInsertTasksOfTheSameCommand(t *testing.T) {
	t.Parallel()
	db := at(t, atMirror)
	a, b := two(t, db)
	exec(t, a, `BEGIN; `+oldInsert)
	exec(t, b, replaced(oldInsert, "{t}", "{u}"))
	exec(t, a, `COMMIT`)
	sees(t, a, `SELECT task_id, keeps_root, keeps_action, keeps_task FROM coco.archive`, "{u}|t|t|t")
	sees(t, a, `SELECT action_parameters, task_parameters, root_command_id FROM coco.async_task`, "action|task|{r}", "action|task|{r}")
	sees(t, a, `SELECT * FROM coco.verify(10)`)
}

func TestTwoSessionsDeleteTheLastSiblings(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]int{"mirror": atMirror, "switch": atSwitch} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := at(t, version)
			a, b := two(t, db)
			exec(t, a, oldInsert+replaced(replaced(oldInsert, "{t}", "{u}"), "{c}", "{d}"))
			exec(t, a, `BEGIN; SELECT deleteasync_tasks({t})`)
			exec(t, b, `BEGIN; SELECT deleteasync_tasks({u})`)
			exec(t, a, `COMMIT`)
			exec(t, b, `COMMIT`)
			// Neither saw the other one gone: what both left is entered, and the next one that deletes a task takes it along.
			exec(t, a, replaced(replaced(replaced(oldInsert, "{t}", "{x}"), "{c}", "{y}"), "{r}", "{z}")+`SELECT deleteasync_tasks({x})`)
			sees(t, a, `SELECT (SELECT count(*) FROM command_entities), (SELECT count(*) FROM coco.ledger), (SELECT count(*) FROM coco.to_release)`, "0|0|0")
		})
	}
}

func TestTheLogLeavesATaskThatSomebodyHolds(t *testing.T) {
	t.Parallel()
	// Where the engine's own writer was parked, it may still be at work.
	db := with(t, atMirror, atExpand, `CREATE FUNCTION insertasync_tasks(integer, integer, integer, uuid, uuid, text, varchar, text, varchar,
		uuid, uuid, uuid, timestamptz, uuid, integer) RETURNS void LANGUAGE sql AS ''`)
	a, b := two(t, db)
	exec(t, a, oldInsert+`SELECT coco.catch_up(100); UPDATE async_tasks SET action_parameters = 'by hand'`)
	exec(t, b, `BEGIN; SELECT 1 FROM async_tasks FOR UPDATE`)
	exec(t, a, `SELECT coco.catch_up(100)`)
	sees(t, a, `SELECT DISTINCT source, id FROM coco.change_log WHERE source = 'task'`, "task|{t}")
	sees(t, a, `SELECT action_parameters FROM command_entities WHERE command_id = {r}`, "action")
	exec(t, b, `ROLLBACK`)
	exec(t, a, `SELECT coco.catch_up(100)`)
	sees(t, a, `SELECT coco.catch_up(100)`, "0") // what the first call stored was logged too
	sees(t, a, `SELECT action_parameters FROM command_entities WHERE command_id = {r}`, "by hand")
}

func TestATaskThatWentBehindTheProceduresIsForgottenUnlessSomebodyHoldsIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		version      int
		given, apply string
	}{
		{"by the log", atMirror, "", `SELECT coco.catch_up(100)`},
		{"by what is taken over", atSwitch, `UPDATE coco.state SET mending = true`, `SELECT coco.adopt(false)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			db := at(t, test.version)
			a, b := two(t, db)
			exec(t, a, oldInsert+test.given)
			exec(t, a, `ALTER TABLE async_tasks DISABLE TRIGGER coco_release; DELETE FROM async_tasks`)
			exec(t, b, `BEGIN; SELECT 1 FROM coco.ledger FOR UPDATE`)
			exec(t, a, test.apply)
			sees(t, a, `SELECT task_id FROM coco.ledger`, "{t}")
			exec(t, b, `ROLLBACK`)
			exec(t, a, test.apply)
			sees(t, a, `SELECT (SELECT count(*) FROM coco.ledger), (SELECT count(*) FROM command_entities)`, "0|0")
		})
	}
}

func TestACommandThatSomebodyHoldsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	db := at(t, atMirror)
	a, b := two(t, db)
	exec(t, a, oldInsert)
	exec(t, b, `BEGIN; SELECT 1 FROM command_entities FOR UPDATE`)
	exec(t, a, `SELECT updateasync_tasks(5, 1, 3, {w}, {t}, 'more', 'B', 'task', 'T', {s}, {c}, {r}, NULL)`)
	exec(t, b, `ROLLBACK`)
	sees(t, a, `SELECT action_parameters FROM command_entities WHERE command_id = {r}`, "action")
	sees(t, a, `SELECT action_parameters, task_parameters, root_command_id FROM coco.async_task`, "more|task|{r}")
}

func TestTransactionsFromBeforeAreWaitedFor(t *testing.T) {
	t.Parallel()
	db := at(t, atMirror)
	a, b := two(t, db)
	exec(t, b, `BEGIN; SELECT 1`)
	exec(t, a, `SELECT coco.begin_drain(6)`)
	waited := later(t, b, `COMMIT`)
	exec(t, a, `SELECT coco.require_drained(6)`)
	waited()
	sees(t, a, `SELECT count(*) FROM coco.drain`, "0")
}

func TestATaskThatNamesAnotherCommandWhileItIsCopied(t *testing.T) {
	t.Parallel()
	conn := with(t, atExpand, 1, `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, task_type) VALUES ({t}, 4, 2, 0, {c}, 1)`).
		Connect(t.Context())
	const open = `SELECT step FROM coco.progress WHERE NOT finished ORDER BY number LIMIT 1`
	for range 20 {
		step, err := ask(t.Context(), conn, open)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(step, []string{"commands"}) {
			exec(t, conn, `UPDATE async_tasks SET command_id = {d}`)
		}
		exec(t, conn, `SELECT coco.backfill(10)`)
	}
	sees(t, conn, open)
	sees(t, conn, `SELECT command_id FROM command_entities`, "{d}")
}

func TestSessionsShareTheLogAndTheCopy(t *testing.T) {
	t.Parallel()
	db := with(t, atExpand, 1, `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, task_type)
		SELECT md5('t' || n)::uuid, 4, 2, 0, md5('c' || n)::uuid, 1 FROM generate_series(1, 50) AS n`)
	a, b := two(t, db)
	conns := []*pgx.Conn{a, b, db.Connect(t.Context()), db.Connect(t.Context())}
	const share = `SELECT step, finished, idle FROM coco.backfill(1000)`

	// One begins a step, and another one finds nothing to do.
	exec(t, a, `BEGIN; `+share)
	sees(t, b, share, "choose|f|t")
	exec(t, a, `COMMIT; BEGIN; `+share)
	sees(t, b, share, "choose|f|t") // its only lane is taken
	exec(t, a, `COMMIT`)

	// A copy that was restored begins anew.
	exec(t, a, `UPDATE coco.progress SET table_file = 'elsewhere' WHERE table_file IS NOT NULL`)
	sees(t, a, share, "commands|f|t")
	sees(t, a, `SELECT (SELECT count(*) FROM coco.lane), (SELECT count(*) FROM coco.chosen)`, "0|0")

	for {
		step, err := ask(t.Context(), a, `SELECT step FROM coco.progress WHERE NOT finished ORDER BY number LIMIT 1`)
		if err != nil {
			t.Fatal(err)
		}
		if len(step) == 0 {
			break
		}
		for _, conn := range conns { // four at a time, as long as the lanes last
			exec(t, conn, `BEGIN; `+share)
		}
		for _, conn := range conns {
			exec(t, conn, `COMMIT`)
		}
		// Nobody saw the others' lanes done: the next one ends the step, and whoever comes meanwhile leaves that to it.
		exec(t, a, `BEGIN; `+share)
		exec(t, b, share)
		exec(t, a, `COMMIT`)
	}
	sees(t, a, `SELECT count(*) FROM command_entities`, "50")
}

func TestTheCopyMayMeetATaskTwice(t *testing.T) {
	t.Parallel()
	run(t, atExpand, []call{
		{
			name: "and enters it once", given: `INSERT INTO coco.ledger (task_id) VALUES ({t}), ({u}), ({t})`,
			sql: `DROP INDEX IF EXISTS coco.ledger_task_id; SELECT coco.compare_part(2); SELECT count(*) FROM coco.ledger`, want: []string{"2"},
		},
	})
}

func TestWhatSomebodyReadsIsEmptiedLater(t *testing.T) {
	t.Parallel()
	db := at(t, atExpand)
	a, b := two(t, db)
	exec(t, a, `CREATE INDEX chosen_place ON coco.chosen (place)`)
	exec(t, b, `BEGIN; SELECT * FROM coco.chosen`)
	exec(t, a, `SET lock_timeout = '20ms'; SELECT coco.forget_choice()`)
	sees(t, a, `SELECT to_regclass('coco.chosen_place') IS NULL`, "f")
	exec(t, b, `ROLLBACK`)
	exec(t, a, `SELECT coco.forget_choice()`)
	sees(t, a, `SELECT to_regclass('coco.chosen_place') IS NULL`, "t")
}

func TestAChildThatComesInMeanwhileIsRemovedToo(t *testing.T) {
	t.Parallel()
	db := at(t, atRetire)
	a, b := two(t, db)
	exec(t, a, tree)
	exec(t, a, `BEGIN; SELECT insertcommandentity({d}, 3, {c}, {r}, 'd', 'D', '2014-01-04', 'ACTIVE')`)
	removal := begin(t, db, b, `SELECT command_id FROM coco.remove_command(NULL, {p}, true) ORDER BY created_at`)
	exec(t, a, `COMMIT`)
	got := <-removal
	if want := []string{"{p}", "{c}", "{d}"}; got.err != nil || !slices.Equal(got.rows, want) {
		t.Errorf("removed %q, %v, want %q", got.rows, got.err, want)
	}
	sees(t, a, `SELECT command_id FROM command_entities ORDER BY created_at`, "{r}", "{x}")
}

func TestReadersOfAReplacedCommandAreWaitedForAndNotForEver(t *testing.T) {
	t.Parallel()
	db := at(t, atSwitch)
	a, b := two(t, db)
	exec(t, a, oldInsert+`INSERT INTO coco.loading (line, command_id, command_type, outcome) VALUES (1, {c}, 4, 'replaced')`)
	sees(t, a, `SELECT coco.lock_readers()`, "{{t}}")

	hold := func() { exec(t, b, `BEGIN; SELECT 1 FROM async_tasks FOR UPDATE`) }
	hold()
	waited := later(t, b, `ROLLBACK`)
	sees(t, a, `SELECT coco.lock_readers()`, "{{t}}")
	waited()

	hold()
	_, err := ask(t.Context(), a, `SELECT coco.lock_readers()`)
	refused(t, err, "55P03", "tasks that read the commands to be replaced are being written")
}

func TestACommandWhoseStorageIsUnderWayIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	db := at(t, atMirror)
	a, b := two(t, db)
	exec(t, b, `BEGIN; SELECT pg_advisory_xact_lock(1668248431, hashtext({c}::uuid::text))`)
	exec(t, a, oldInsert)
	sees(t, a, `SELECT command_id FROM command_entities`, "{r}")
	sees(t, a, `SELECT task_id, keeps_root, keeps_action, keeps_task FROM coco.archive`, "{t}|t|f|t")
}

func TestACircleThatSomebodyHoldsIsReleasedLater(t *testing.T) {
	t.Parallel()
	db := at(t, atMirror)
	a, b := two(t, db)
	exec(t, a, replaced(oldInsert, "{c}, {r}", "{c}, NULL"))
	exec(t, a, `INSERT INTO command_entities (command_id, command_type, parent_command_id) VALUES ({d}, 1, {c});
		UPDATE command_entities SET parent_command_id = {d} WHERE command_id = {c}`)
	exec(t, b, `BEGIN; SELECT 1 FROM command_entities WHERE command_id = {d} FOR UPDATE`)
	exec(t, a, `SELECT deleteasync_tasks({t})`)
	sees(t, a, `SELECT command_id, own FROM coco.to_release`, "{c}|t")
	exec(t, b, `ROLLBACK`)
	exec(t, a, `SELECT coco.sweep(10)`)
	sees(t, a, `SELECT (SELECT count(*) FROM command_entities), (SELECT count(*) FROM coco.to_release)`, "0|0")
}

func TestColumnsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	given := `COMMENT ON COLUMN async_tasks.task_parameters IS 'of the task'; GRANT SELECT (root_command_id) ON async_tasks TO PUBLIC;
		ALTER TABLE async_tasks ALTER COLUMN action_parameters SET STATISTICS 7, ALTER COLUMN action_parameters SET (n_distinct = 5);
		CREATE INDEX by_command ON async_tasks (command_id); COMMENT ON INDEX by_command IS 'an index';
		ALTER TABLE async_tasks ADD CONSTRAINT positive CHECK (task_type >= 0);
		INSERT INTO async_tasks (task_id, action_type, status, result, command_id, task_type, action_parameters, started_at)
		VALUES ({t}, 4, 2, 0, {c}, 1, 'action', '2014-01-01');`
	show := `SELECT attname, attstattarget, attoptions, attacl, col_description(attrelid, attnum), to_jsonb(a) ->> 'attcompression' FROM pg_attribute a
		WHERE attrelid = 'async_tasks'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`
	if testdb.Server(t).Version() >= 140000 {
		given += `ALTER TABLE async_tasks ALTER COLUMN action_parameters SET COMPRESSION pglz;`
	}
	conn := with(t, 1, 1, given).Connect(t.Context())
	before, err := ask(t.Context(), conn, show)
	if err != nil {
		t.Fatal(err)
	}
	for version := 2; version <= atContract; version++ {
		if err := migrate(t.Context(), conn, version, "up"); err != nil {
			t.Fatal(err)
		}
	}
	for version := atContract; version > 1; version-- {
		if err := migrate(t.Context(), conn, version, "down"); err != nil {
			t.Fatal(err)
		}
	}
	sees(t, conn, show, before...)
	sees(t, conn, `SELECT task_id, action_parameters, command_id, obj_description('by_command'::regclass, 'pg_class') FROM async_tasks`, "{t}|action|{c}|an index")
	sees(t, conn, `SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'positive'`, "CHECK ((task_type >= 0))")
}
