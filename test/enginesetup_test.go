package test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
)

// engineSetup does to a database what the engine's own tools do to refresh it: they save the lines that grant, drop every
// function and view in public and what depends on them, drop and create some of the types, create the engine's procedures, and
// replay the saved lines one by one. The bodies are those of a later release.
func engineSetup(t *testing.T, conn *pgx.Conn, release string) {
	t.Helper()
	const grants = `SELECT format('GRANT EXECUTE ON FUNCTION %s TO %s', p.oid::regprocedure,
			CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END)
		FROM pg_proc p, aclexplode(p.proacl) x WHERE p.pronamespace = 'public'::regnamespace AND x.grantee <> p.proowner ORDER BY 1`
	const views = `SELECT format('CREATE VIEW %s AS %s', oid::regclass, pg_get_viewdef(oid)) FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'v' ORDER BY 1`
	saved, refreshed := query(t, conn, grants), query(t, conn, views)
	for _, drop := range []string{
		`SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
		`SELECT format('DROP VIEW IF EXISTS %s CASCADE', oid::regclass) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'`,
	} {
		for _, statement := range query(t, conn, drop) {
			exec(t, conn, statement)
		}
	}
	_, types, _ := strings.Cut(enginedb.FixtureSQL(), "CREATE TYPE")
	types, _, _ = strings.Cut("CREATE TYPE"+types, "-- ----")
	exec(t, conn, `DROP TYPE iduuidtype CASCADE; DROP TYPE async_tasks_info_rs CASCADE`)
	exec(t, conn, types)
	exec(t, conn, strings.ReplaceAll(enginedb.ProceduresSQL(), "\nBEGIN\n", "\nBEGIN\n    -- engine "+release+"\n"))
	for _, statement := range append(refreshed, saved...) {
		_, _ = conn.Exec(t.Context(), statement) // a procedure that the engine does not know has no grants any more
	}
}

// migrated takes a database up to any version and tells the version table.
func migrated(t *testing.T, db *testdb.DB, version int) *pgx.Conn {
	t.Helper()
	conn := db.Connect(t.Context())
	up(t, conn, 0, version)
	mark(t, db, version, false)
	return conn
}

func TestProceduresThatEngineSetupReplacedAreMended(t *testing.T) {
	t.Parallel()
	for version := versionMirror; version <= versionRetire; version++ {
		t.Run(fmt.Sprintf("version %d", version), func(t *testing.T) {
			t.Parallel()
			ours, twin := engine(t, enginedb.Sample(), enginedb.DecorateSQL()), engine(t, enginedb.Sample(), enginedb.DecorateSQL())
			conn, other := migrated(t, ours, version), twin.Connect(t.Context())
			players := make([]*player, 8)
			for i := range players {
				players[i] = &player{hostile: newHostile(uint64(1000*version + i)), databases: []*pgx.Conn{conn, other}, blind: true}
			}
			play := func(from, to, calls int) {
				for _, p := range players {
					if version >= from && version <= to {
						p.play(t, calls)
					}
				}
			}
			play(versionMirror, versionContract, 6)

			// A later engine-setup, and then the old engine runs: it can write as long as the columns are there, and delete always.
			for _, release := range []string{"3.4.5", "3.4.6"} {
				engineSetup(t, conn, release)
				engineSetup(t, other, release)
				play(versionMirror, versionSwitch, 6)
				for _, p := range players {
					if len(p.ids) > 2 {
						p.call(t, `SELECT deleteasync_tasks($1)::text`, p.ids[2])
					}
				}
				isReported(t, ours, conn, version)
			}
			for _, connection := range []*pgx.Conn{conn, other} {
				if err := connection.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}

			phase := map[int]string{versionContract: "contract", versionRetire: "retire"}[version]
			if phase == "" {
				phase = "switch"
			}
			upgradeTool(t, ours.URL, exitDone, "up", "--to", phase).
				says(t, "parked, the engine's own: public.insertasync_tasks(")
			same(t, "repeated", nil, of(upgradeTool(t, ours.URL, exitDone, "up", "--to", phase).output(), "parked,"))
			upgradeTool(t, ours.URL, exitDone, "verify")
			conn, other = ours.Connect(t.Context()), twin.Connect(t.Context())
			same(t, "tasks after mending", query(t, other, allTasks), query(t, conn, allTasks))
			for _, p := range players {
				p.databases, p.blind = []*pgx.Conn{conn, other}, false
			}
			play(versionMirror, versionContract, 6)
			same(t, "tasks in the end", query(t, other, allTasks), query(t, conn, allTasks))
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			upgradeTool(t, ours.URL, exitDone, "verify")

			upgradeTool(t, ours.URL, exitDone, "down", "--yes")
			same(t, "the database after down", sortedDump(t, twin), sortedDump(t, ours))
		})
	}
}

// of returns the lines of a text that hold a part.
func of(text, part string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			lines = append(lines, line)
		}
	}
	return lines
}

// isReported checks that status and verification tell what engine-setup has done, and that no migration builds on it.
func isReported(t *testing.T, db *testdb.DB, conn *pgx.Conn, version int) {
	t.Helper()
	says := []string{"re-installed: public.insertasync_tasks("}
	if version >= versionGetters {
		says = append(says, "re-installed: public.getallfromasync_tasks()", "re-installed: public.fn_db_get_async_tasks()")
	}
	if version >= versionSwitch {
		says = append(says, "missing: public.getallfromcommandentities()")
	}
	if version == versionRetire {
		says = append(says, "missing: public.insertasync_tasks(")
	}
	upgradeTool(t, db.URL, exitDrift, "status").says(t, append(says, `"upgrade up" puts them back`)...)
	upgradeTool(t, db.URL, exitDrift, "status", "--json").says(t, `"procedures":[{"signature":"public.`, `"what":"re-installed"`)
	upgradeTool(t, db.URL, exitDrift, "verify").says(t, "the engine's own procedure was installed again in its place")
	for direction, at := range map[string]int{"up": version + 1, "down": version} {
		if at > versionRetire {
			continue
		}
		if err := apply(t.Context(), conn, at, direction); code(err) != "CO004" {
			t.Errorf("%s from version %d without mending: %v", direction, version, err)
		}
	}
}

func TestDownMendsFirstAndGivesBackWhatWasInstalledLast(t *testing.T) {
	t.Parallel()
	for version := versionMirror; version <= versionRetire; version++ {
		t.Run(fmt.Sprintf("version %d", version), func(t *testing.T) {
			t.Parallel()
			ours, twin := engine(t, enginedb.Sample(), enginedb.DecorateSQL()), engine(t, enginedb.Sample(), enginedb.DecorateSQL())
			conn, other := migrated(t, ours, version), twin.Connect(t.Context())
			engineSetup(t, conn, "3.4.9")
			engineSetup(t, other, "3.4.9")
			if version <= versionSwitch {
				p := &player{hostile: newHostile(uint64(version)), databases: []*pgx.Conn{conn, other}, blind: true}
				p.play(t, 20)
			}
			for _, connection := range []*pgx.Conn{conn, other} {
				if err := connection.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			upgradeTool(t, ours.URL, exitDone, "down", "--yes")
			same(t, "the database after down", sortedDump(t, twin), sortedDump(t, ours))
		})
	}
}

func TestWhatOnlyAPersonCanDecideAboutProceduresStopsUpAndDown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version                int
		script, status, refuse string
		exit                   int
		after                  string
	}{
		"one of ours was edited": {versionSwitch,
			`CREATE OR REPLACE FUNCTION getasync_tasksbytask_id(v_task_id uuid) RETURNS SETOF coco.async_task LANGUAGE sql STABLE AS
				'SELECT * FROM coco.async_task t WHERE t.task_id = v_task_id'`,
			"edited: public.getasync_tasksbytask_id(uuid)", "was edited since coco installed it", exitDrift,
			`DROP FUNCTION getasync_tasksbytask_id(uuid)`},
		"one of ours that names nothing of coco was edited": {versionRetire,
			`CREATE OR REPLACE FUNCTION getallfromcommandentities() RETURNS SETOF command_entities LANGUAGE sql STABLE AS
				'SELECT * FROM command_entities ORDER BY 1'`,
			"edited: public.getallfromcommandentities()", "was edited since coco installed it", exitDrift,
			`DROP FUNCTION getallfromcommandentities()`},
		"an overload": {versionContract,
			`CREATE FUNCTION insertasync_tasks(text) RETURNS void LANGUAGE sql AS ''`,
			"overload: public.insertasync_tasks(text)", "other arguments than the engine's and coco's", exitFailure,
			`DROP FUNCTION insertasync_tasks(text)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := engine(t, enginedb.Sample(), enginedb.DecorateSQL())
			before := db.Dump(t)
			conn := migrated(t, db, test.version)
			exec(t, conn, test.script)
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			dump := db.Dump(t)
			upgradeTool(t, db.URL, exitDrift, "status").says(t, test.status, "save what was edited or added and drop it")
			if test.exit == exitDrift {
				upgradeTool(t, db.URL, exitDrift, "up").says(t, test.refuse, "hint: Save")
			} else { // before its first step
				upgradeTool(t, db.URL, test.exit, "up").says(t, "procedure insertasync_tasks has overloads", "hint: Drop the overload")
			}
			upgradeTool(t, db.URL, test.exit, "down", "--yes").says(t, test.refuse)
			identical(t, dump, db.Dump(t))

			conn = db.Connect(t.Context())
			exec(t, conn, test.after)
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			upgradeTool(t, db.URL, exitDone, "up")
			upgradeTool(t, db.URL, exitDone, "verify")
			upgradeTool(t, db.URL, exitDone, "down", "--yes")
			identical(t, before, db.Dump(t))
		})
	}
}

// TestWithoutReinstalledProceduresAWriteToAMovedColumnStaysDrift: a missing procedure is put back, but nobody could have written through it.
func TestWithoutReinstalledProceduresAWriteToAMovedColumnStaysDrift(t *testing.T) {
	t.Parallel()
	for name, task := range map[string]string{
		"a task as it was copied": `SELECT task_id FROM async_tasks ORDER BY task_id LIMIT 1`,
		"a task written since":    `SELECT md5('new')::uuid`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := engine(t, enginedb.Sample())
			conn := migrated(t, db, versionSwitch)
			exec(t, conn, `SELECT insertorupdateasynctasks(4, 0, 3, NULL, md5('new')::uuid, 'a', 'A', 'b', 'B', NULL, md5('c')::uuid,
				md5('r')::uuid, NULL, md5('p')::uuid, 0)`)
			exec(t, conn, `UPDATE async_tasks SET task_parameters = 'by hand' WHERE task_id = (`+task+`);
				DROP FUNCTION getallfromasync_tasks()`)
			id := query(t, conn, `SELECT (`+task+`)::text`)[0]
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			upgradeTool(t, db.URL, exitDrift, "up").says(t, "created again: public.getallfromasync_tasks()", id)
			upgradeTool(t, db.URL, exitDrift, "verify").says(t, id)
		})
	}
}

// TestWhatAnOldWriterLeftIsTakenOverThoughItIsGone: an engine-setup that broke off has dropped what an earlier one had put in place.
func TestWhatAnOldWriterLeftIsTakenOverThoughItIsGone(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"up", "down"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			db := engine(t, enginedb.Sample())
			conn := migrated(t, db, versionSwitch)
			engineSetup(t, conn, "3.4.5")
			exec(t, conn, `SELECT insertorupdateasynctasks(4, 0, 3, NULL, task_id, 'a', 'A', 'written last', 'B', NULL, md5('c')::uuid,
				md5('r')::uuid, NULL, md5('p')::uuid, 0) FROM (SELECT task_id FROM async_tasks ORDER BY task_id LIMIT 1) AS t`)
			exec(t, conn, `DO $$ BEGIN EXECUTE (SELECT string_agg(format('DROP FUNCTION %s', oid::regprocedure), ';')
				FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ '^(insert|update).*async_?tasks$'); END $$`)
			if err := conn.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if command == "up" {
				upgradeTool(t, db.URL, exitDone, "up", "--to", "contract")
				upgradeTool(t, db.URL, exitDone, "verify")
			}
			upgradeTool(t, db.URL, exitDone, "down", "--yes", "--to", "expand")
			conn = db.Connect(t.Context())
			same(t, "what was written last", []string{"written last"},
				query(t, conn, `SELECT task_parameters FROM async_tasks ORDER BY task_id LIMIT 1`))
		})
	}
}

// TestAWriteToAMovedColumnIsNotTakenBackUnasked: nobody else has what was written there.
func TestAWriteToAMovedColumnIsNotTakenBackUnasked(t *testing.T) {
	t.Parallel()
	const task = `(SELECT task_id FROM async_tasks ORDER BY task_id LIMIT 1)`
	const text = `SELECT task_parameters FROM async_tasks WHERE task_id = ` + task
	for name, write := range map[string]string{
		"changed": `UPDATE async_tasks SET task_parameters = 'by hand' WHERE task_id = ` + task,
		"added": `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, task_parameters)
				VALUES ('00000000-0000-0000-0000-000000000001', 1, 2, 0, md5('unknown')::uuid, 'by hand')`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := engine(t, enginedb.Sample())
			conn := migrated(t, db, versionSwitch)
			exec(t, conn, write)
			upgradeTool(t, db.URL, exitDrift, "down", "--yes", "--to", "prove").says(t, "written after the switch", "updateasync_tasks")
			same(t, "what was written", []string{"by hand"}, query(t, conn, text))
			exec(t, conn, `SELECT updateasync_tasks(action_type, result, status, vdsm_task_id, task_id, action_parameters, action_params_class,
				task_parameters, task_params_class, step_id, command_id, root_command_id, storage_pool_id)
				FROM async_tasks WHERE task_id = `+task)
			upgradeTool(t, db.URL, exitDone, "up", "--to", "contract")
			upgradeTool(t, db.URL, exitDone, "down", "--yes", "--to", "prove")
			same(t, "what was written", []string{"by hand"}, query(t, conn, text))
		})
	}
}

// TestAnOldWriterThatIsStillAtWorkWhileProceduresAreMendedLosesNothing lets a transaction that began before run the old body after.
func TestAnOldWriterThatIsStillAtWorkWhileProceduresAreMendedLosesNothing(t *testing.T) {
	t.Parallel()
	const write = `SELECT insertorupdateasynctasks(4, 0, 3, NULL, $1, $2, 'A', 'b', 'B', NULL, md5('c')::uuid,
		md5('r')::uuid, NULL, md5('p')::uuid, 0)::text`
	for _, version := range []int{versionMirror, versionGetters, versionSwitch} {
		t.Run(fmt.Sprintf("version %d", version), func(t *testing.T) {
			t.Parallel()
			db := engine(t, enginedb.Sample())
			conn := migrated(t, db, version)
			early, late := uuid.New(), uuid.New()
			query(t, conn, write, early, "before")
			query(t, conn, write, late, "before")
			engineSetup(t, conn, "3.4.7")
			old, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			query(t, conn, write, early, "by the old writer")

			done := make(chan error, 1)
			run, err := prepare(t.Context(), t.TempDir(), db.URL, "up", "--to", "switch")
			if err != nil {
				t.Fatal(err)
			}
			go func() { done <- run.finish() }()
			watch := db.Connect(t.Context())
			waitFor(t, watch, `SELECT (count(*) = 0)::text FROM coco.changed_procedures()`)
			// What the session has not looked up anew yet is the old body.
			query(t, watch, write, late, "by a new writer")
			if _, err := conn.Exec(t.Context(), `UPDATE async_tasks SET action_parameters = 'straggler', action_params_class = 'A',
				task_parameters = 'b', task_params_class = 'B', root_command_id = md5('r')::uuid WHERE task_id = $1`, early); err != nil {
				t.Fatal(err)
			}
			if err := old.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil || run.exit() != exitDone {
				t.Fatalf("up: %v, exit code %d\n%s", err, run.exit(), run.output())
			}
			const text = `SELECT action_parameters FROM getasync_tasksbytask_id($1)`
			same(t, "what was written last", []string{"straggler"}, query(t, watch, text, early))
			same(t, "what was written last", []string{"by a new writer"}, query(t, watch, text, late))
			holds(t, watch)
		})
	}
}

// TestKillWhileProceduresAreMended kills the run that puts the procedures back and goes on from there.
func TestKillWhileProceduresAreMended(t *testing.T) {
	t.Parallel()
	switched := workload([]string{"up", "--to", "switch"})
	killEverywhere(t, killedCommand{
		args: []string{"up", "--batch", killBatch},
		from: testdb.Template{
			Name: "reinstalled", Hash: testdb.Hash(switched.Hash, "reinstalled"),
			Build: func(ctx context.Context, url string) error {
				if err := switched.Build(ctx, url); err != nil {
					return err
				}
				conn, err := pgx.Connect(ctx, url)
				if err != nil {
					return err
				}
				defer func() { _ = conn.Close(ctx) }()
				engineSetup(t, conn, "3.4.5")
				_, err = conn.Exec(ctx, `SELECT updateasync_tasks(1, 0, 2, NULL, task_id, 'old ' || task_id, 'A', 'b', 'B', NULL, command_id, NULL, NULL)
					FROM (SELECT * FROM async_tasks ORDER BY task_id LIMIT 20) AS t`)
				return err
			},
		},
		dump: func(t *testing.T, db *testdb.DB) []string {
			t.Helper()
			upgradeTool(t, db.URL, exitDone, "verify")
			return upgradedDump(t, db)
		},
	})
}

// waitFor asks again until the answer is true.
func waitFor(t *testing.T, conn *pgx.Conn, question string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); query(t, conn, question)[0] != "true"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it does not become true: %s", question)
		}
	}
}
