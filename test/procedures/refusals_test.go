package procedures

import "testing"

func TestNothingIsKeptBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	run(t, atMirror, []call{
		{name: "no instance", sql: `SELECT coco.register_instance({i}, 'i', 1000)`, code: "CO001", message: "commands can be kept only after the switch"},
		{name: "no export is taken in", sql: `SELECT coco.stage_commands(1, '{}')`, code: "CO001", message: "commands can be taken in only after the switch"},
		{name: "no cleaning up", sql: `SELECT coco.require_commands()`, code: "CO001", message: "commands can be cleaned up only after the switch"},
		{name: "nothing to list", sql: `SELECT coco.require_switch()`, code: "CO001", message: "there are no commands to work on before the switch"},
		{name: "no task of a program", sql: `SELECT coco.require_retired()`, code: "CO001", message: "tasks can be kept with their commands only after retire"},
	})
}

func TestParkingRefusesWhatItCouldNotPutBack(t *testing.T) {
	t.Parallel()
	const one = `CREATE FUNCTION insertasync_tasks(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';`
	park := func(arguments string) string { return `SELECT coco.park(6, 'insertasync_tasks', '` + arguments + `')` }
	run(t, atExpand, []call{
		{name: "other arguments", given: one, sql: park("text"), code: "CO001", message: "procedure insertasync_tasks has other arguments"},
		{
			name: "an overload", given: one + `CREATE FUNCTION insertasync_tasks(a text) RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
			sql: park("text"), code: "CO001", message: "procedure insertasync_tasks has overloads",
		},
		{
			name: "a view on it", given: one + `CREATE VIEW on_it AS SELECT insertasync_tasks(1)`, sql: park("integer"),
			code: "CO001", message: "rule _RETURN on view on_it depends on procedure public.insertasync_tasks(integer)",
		},
		{name: "none is none", sql: park("integer") + `; SELECT count(*) FROM coco.parked`, want: []string{"0"}},
		{
			name: "what it parks is put back", given: one,
			sql: park("integer") + `; SELECT to_regprocedure('insertasync_tasks(integer)') IS NULL, coco.unpark(6), to_regprocedure('coco.v6_insertasync_tasks(integer)');
				SELECT insertasync_tasks(1)`,
			want: []string{"1"},
		},
	})
}

func TestTheProofIsAsked(t *testing.T) {
	t.Parallel()
	run(t, atExpand, []call{
		{name: "there is none", sql: `SELECT coco.require_proof(true)`, code: "CO004", message: "there is no proof that the copied rows equal async_tasks"},
	})
	run(t, atMirror, []call{
		{name: "it holds", given: oldInsert, sql: `SELECT coco.require_proof(true)`, want: []string{""}},
		{
			name: "a trigger of it is gone", given: `DROP TRIGGER coco_log_archive ON coco.archive`, sql: `SELECT coco.require_proof(true)`,
			code: "CO004", message: "a trigger that records changes since the proof is missing or disabled",
		},
		{
			name: "a command was changed", given: oldInsert + `UPDATE command_entities SET action_parameters = 'other' WHERE command_id = {r};
				DELETE FROM coco.change_log WHERE source = 'task'`,
			sql: `SELECT coco.require_proof(true)`, code: "CO004", message: "changed since the proof: task {t}",
		},
		{
			name: "a new one does not hold", given: oldInsert + `UPDATE command_entities SET action_parameters = 'other' WHERE command_id = {r};
				DELETE FROM coco.change_log WHERE source = 'task'`,
			sql: `SELECT coco.prove(9)`, code: "CO004", message: "the proof does not hold: task {t}: command_entities would give back other values",
		},
		{
			name: "TRUNCATE of the commands is logged", given: oldInsert + `DELETE FROM coco.change_log`,
			sql: `TRUNCATE command_entities CASCADE; SELECT source, id FROM coco.change_log`, want: []string{"command|{c}"},
		},
		{
			name: "TRUNCATE of the tasks is logged", given: oldInsert + `DELETE FROM coco.change_log; ALTER TABLE async_tasks DISABLE TRIGGER coco_release_truncate`,
			sql: `TRUNCATE async_tasks CASCADE; SELECT source, id FROM coco.change_log`, want: []string{"task|{t}"},
		},
		{
			name: "a change that no procedure makes is logged as one", given: oldInsert + `DELETE FROM coco.change_log`,
			sql:  `UPDATE command_entities SET created_at = '2015-01-01' WHERE command_id = {c}; SELECT source, id FROM coco.change_log ORDER BY 1`,
			want: []string{"altered|{c}", "command|{c}"},
		},
		{
			name: "verify names it", given: oldInsert + `UPDATE command_entities SET created_at = '2015-01-01', status = '?' WHERE command_id = {c}`,
			sql: `SELECT check_name, object, detail FROM coco.verify(10) ORDER BY 3`,
			want: []string{
				"values|command {c}|a column that only the backfill writes was changed",
				"commands|command {c}|its status is none that the engine knows",
			},
		},
		{
			name: "what the log holds is named by its difference", given: oldInsert + `UPDATE command_entities SET created_at = '2015-01-01' WHERE command_id = {c}`,
			sql:  `SELECT source, id FROM coco.logged_differences(ARRAY(SELECT seq FROM coco.change_log))`,
			want: []string{"command|{c}"},
		},
		{name: "nothing is lost yet", given: oldInsert, sql: `SELECT command_id FROM coco.lost_commands()`},
	})
	run(t, atSwitch, []call{
		{name: "the values are as stored", given: oldInsert, sql: `SELECT coco.require_values()`, want: []string{""}},
		{
			name: "a command was changed behind the procedures", given: oldInsert + `UPDATE command_entities SET action_parameters = 'other'`,
			sql: `SELECT coco.require_values()`, code: "CO004", message: "changed behind the procedures' back: task {t}",
		},
		{
			name: "and that is accepted", given: oldInsert + `UPDATE command_entities SET action_parameters = 'other'; SET LOCAL coco.accept_drift = on`,
			sql: `SELECT coco.require_values()`, want: []string{""},
		},
		{
			name: "what the way back would lose", given: `SELECT insertcommandentity({x}, 4, NULL, NULL, NULL, NULL, '2014-01-04', 'SUCCEEDED');` + oldInsert,
			sql: `SELECT named, command_id FROM coco.lost_commands()`, want: []string{"f|{x}"},
		},
		{
			name: "a view on a column that has moved", given: `CREATE VIEW on_it AS SELECT task_parameters FROM async_tasks`, sql: `SELECT coco.keep_columns()`,
			code: "CO001", message: "rule _RETURN on view on_it depends on column task_parameters of async_tasks",
		},
	})
}

func TestProceduresThatAreNotAsCocoLeftThem(t *testing.T) {
	t.Parallel()
	const (
		edited   = `CREATE OR REPLACE FUNCTION getallfromcommandentities() RETURNS SETOF command_entities LANGUAGE sql AS 'SELECT * FROM command_entities';`
		overload = `CREATE FUNCTION deletecommandentity(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';`
		missing  = `DROP FUNCTION getallfromcommandentities();`
		require  = `SELECT coco.require_procedures()`
		again    = `SELECT signature, what FROM coco.reinstall()`
		engine   = `CREATE TABLE schema_version (id integer, version text, script text, checksum text, installed_by text, started_at timestamptz,
			ended_at timestamptz, state text, current boolean, comment text);
			INSERT INTO schema_version (version, current) VALUES ('03050000', true);`
	)
	run(t, atRetire, []call{
		{name: "all are", sql: require, want: []string{""}},
		{name: "an edited one", given: edited, sql: require, code: "CO004", message: "procedure public.getallfromcommandentities() was edited"},
		{name: "an overload", given: overload, sql: require, code: "CO001", message: "procedure public.deletecommandentity(integer) has other arguments"},
		{name: "a missing one", given: missing, sql: require, code: "CO004", message: "procedure public.getallfromcommandentities() is not the one that coco installed: missing"},
		{name: "drift that is accepted", given: edited + `SET LOCAL coco.accept_drift = on`, sql: require, want: []string{""}},
		{
			name: "what old writers wrote is not taken over yet", given: `UPDATE coco.state SET mending = true`, sql: require,
			code: "CO004", message: "what re-installed procedures wrote is not all taken over yet",
		},
		{name: "an engine of 3.5 took over", given: engine, sql: require, code: "CO001", message: "an engine of version 3.5 or later has taken this database over"},
		{name: "an engine of 3.5 cleans up itself", given: engine, sql: `SELECT coco.require_commands()`, code: "55000", message: "commands are not cleaned up here"},
		{name: "an engine of 3.5 may change procedures", given: engine + missing, sql: `SELECT * FROM coco.changed_procedures()`},
		{name: "nothing to put back", sql: again},
		{name: "a missing one is put back", given: missing, sql: again + `; ` + require, want: []string{""}},
		{name: "an edited one is not put back", given: edited, sql: again, code: "CO004", message: "procedure public.getallfromcommandentities() was edited"},
		{name: "but accepted", given: edited + `SET LOCAL coco.accept_drift = on`, sql: again},
		{
			name: "a parked one is gone", given: missing + `DROP FUNCTION coco.v8_insertasync_tasks`, sql: again,
			code: "CO001", message: "procedure coco.v8_insertasync_tasks is gone, which the way back needs to restore insertasync_tasks",
		},
		{name: "refuse_procedure has nothing against others", sql: `SELECT coco.refuse_procedure('f()', 'missing')`, want: []string{""}},
	})
	marks := `SELECT coco.mark_engine_scripts(true)`
	run(t, atContract, []call{
		{name: "no engine, no marks", sql: marks, want: []string{""}},
		{name: "marks", given: engine, sql: marks + `; SELECT count(*) FROM schema_version WHERE installed_by = 'coco'`, want: []string{"2"}},
		{name: "a view in its place", given: `CREATE VIEW schema_version AS SELECT 1 AS id`, sql: marks, code: "CO001", message: "schema_version is no table"},
		{name: "a table without a column", given: engine + `ALTER TABLE schema_version DROP COLUMN script`, sql: marks, code: "CO001", message: "schema_version has no column script"},
	})
}

func TestWhatOldWritersWroteIsTakenOver(t *testing.T) {
	t.Parallel()
	const (
		mending = `UPDATE coco.state SET mending = true;`
		written = `UPDATE async_tasks SET action_parameters = 'old', task_parameters = 'task', task_params_class = 'T', root_command_id = {r};`
		read    = `SELECT action_parameters, task_parameters, root_command_id FROM getallfromasync_tasks()`
	)
	run(t, atSwitch, []call{
		{name: "nothing to take over", sql: `SELECT coco.adopt(true)`, want: []string{"0"}},
		{name: "a task that was written", given: oldInsert + mending + written, sql: `SELECT coco.adopt(true); ` + read, want: []string{"old|task|{r}"}},
		{name: "the first look", given: oldInsert + mending + written, sql: `SELECT coco.adopt(false), mending FROM coco.state`, want: []string{"1|t"}},
		{
			name: "a task that is gone", given: oldInsert + mending + `ALTER TABLE async_tasks DISABLE TRIGGER ALL; DELETE FROM async_tasks;`,
			sql: `SELECT coco.adopt(true), (SELECT count(*) FROM coco.ledger)`, want: []string{"1|1"},
		},
		{
			name: "a writer of coco's meanwhile", given: oldInsert + mending + written,
			sql:  `SELECT updateasync_tasks(5, 1, 3, {w}, {t}, 'new', 'A', 'task', 'T', {s}, {c}, {r}, NULL); SELECT coco.adopt(true); ` + read,
			want: []string{"new|task|{r}"},
		},
	})
	run(t, atMirror, []call{
		{name: "before the switch it is the log's", given: oldInsert + mending + written, sql: `SELECT coco.adopt(true); SELECT action_parameters FROM command_entities WHERE command_id = {r}`, want: []string{"old"}},
	})
	run(t, atContract, []call{
		{name: "after contract there are no columns to write", given: mending, sql: `SELECT coco.adopt(true); SELECT mending FROM coco.state`, want: []string{"f"}},
	})
}

func TestACopyIsMovedIn(t *testing.T) {
	t.Parallel()
	for _, version := range []int{atExpand, atMirror, atRetire} {
		run(t, version, []call{
			{name: "once", sql: `SELECT coco.move_in(true); SELECT place = coco.place() FROM coco.home`, want: []string{"t"}},
			{name: "and not again", given: `SELECT coco.move_in(true)`, sql: `SELECT coco.move_in(true)`, want: []string{"f"}},
		})
	}
}

func TestCommandsOfAnInstance(t *testing.T) {
	t.Parallel()
	const register = `SELECT coco.register_instance({i}, 'i', 60000);`
	persist := func(id, parent, parameters string) string {
		return `SELECT command_id, status FROM coco.persist_commands({i}, ARRAY[` + id + `]::uuid[], '{5}', ARRAY[` + parent + `]::uuid[],
			ARRAY['` + parameters + `'], ARRAY['C'], ARRAY['ACTIVE'], '{0}');`
	}
	run(t, atRetire, []call{
		{name: "nothing", given: register, sql: `SELECT coco.persist_commands({i}, '{}', '{}', '{}', '{}', '{}', '{}', '{}')`},
		{name: "one", given: register, sql: persist("{c}", "{none}", "c"), want: []string{"{c}|ACTIVE"}},
		{name: "the zero GUID", given: register, sql: persist("{none}", "{none}", "c"), code: "22023", message: "the zero GUID is no command id"},
		{name: "by nobody", sql: persist("{c}", "{none}", "c"), code: "CO016", message: "instance {i} has ended"},
		{name: "below itself", given: register, sql: persist("{c}", "{c}", "c"), code: "CO015", message: "commands would be below themselves"},
		{name: "below nothing", given: register, sql: persist("{c}", "{u}", "c"), code: "CO014", message: "command {c} is to be below command {u}, which is not there"},
		{name: "somebody else's", given: tree + register, sql: persist("{c}", "{p}", "c"), code: "CO010", message: "command {c} belongs to no instance"},
		{
			name: "a status that may not follow", given: register + persist("{c}", "{none}", "c"),
			sql: `SELECT coco.change_status({i}, {c}, '{ACTIVE}', 'NOT_STARTED')`, code: "CO011", message: "command {c} cannot go from ACTIVE to NOT_STARTED",
		},
		{
			name: "an operator cannot remove it", given: register + persist("{c}", "{none}", "c"), sql: `SELECT coco.remove_command(NULL, {c}, true)`,
			code: "CO010", message: "command {c} cannot be removed: a live instance drives command {c}",
		},
		{
			name: "a task without an id", given: register + persist("{c}", "{none}", "c"),
			sql:  `SELECT coco.save_task({i}, {none}, 1, 1, 1, NULL, NULL, {c}, NULL, NULL, 1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')`,
			code: "22023", message: "the zero GUID is no task id",
		},
	})
	own := `INSERT INTO coco.command_owner (command_id, instance_id) VALUES ({c}, {i});`
	run(t, atSwitch, []call{
		{
			name: "a task follows what is persisted", given: oldInsert + register + own,
			sql:  persist("{c}", "{r}", "new") + `SELECT action_parameters, task_parameters FROM getallfromasync_tasks()`,
			want: []string{"action|new"},
		},
		{
			name: "a task stays where nothing is new", given: oldInsert,
			sql: `SELECT coco.save_commands(ARRAY[{c}]::uuid[], '{5}', ARRAY[{r}]::uuid[], ARRAY[{r}]::uuid[], ARRAY['task'], ARRAY['T'], '{ACTIVE}', '{0}');
				SELECT action_parameters, task_parameters FROM getallfromasync_tasks()`,
			want: []string{"action|task"},
		},
	})
}

func TestExportsAreTakenInWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	stage := func(line string) string { return `SELECT coco.stage_commands(7, ARRAY[` + line + `]); ` }
	child := `json_build_object('command_id', {c}, 'command_type', 1, 'parent_command_id', {p})::text`
	load := `SELECT line, outcome, command_id FROM coco.load_commands(false)`
	run(t, atRetire, []call{
		{name: "what is no command", sql: stage(`'{"command_id": 5}'`), code: "CO006", message: "line 7: a value is not what the column of command_entities can hold"},
		{name: "no lines", sql: `SELECT coco.stage_commands(7, NULL); ` + load},
		{name: "a parent that is not there", given: stage(child), sql: load + `; SELECT (SELECT count(*) FROM command_entities), (SELECT count(*) FROM coco.loading)`, want: []string{"0|0"}},
		{name: "which one", given: stage(child), sql: load, want: []string{"7|missing|{p}"}},
		{name: "one", given: stage(`json_build_object('command_id', {c}, 'command_type', 1)::text`), sql: load, want: []string{"7|loaded|{c}"}},
	})
}

func TestABatchOfTheCleanupEndsWithItsLease(t *testing.T) {
	t.Parallel()
	begun := `SELECT coco.begin_cleanup({j}, 'j', 60000, NULL);`
	limit := `SELECT coco.clean_batch({j}, '2015-01-01', NULL, 10, false); SHOW idle_in_transaction_session_timeout`
	run(t, atRetire, []call{
		{name: "without a limit", given: begun, sql: limit, want: []string{"1min"}},
		{name: "with a shorter one", given: begun + `SET LOCAL idle_in_transaction_session_timeout = '1s'`, sql: limit, want: []string{"1s"}},
		{name: "of a run that is not there", sql: limit, code: "CO018", message: "this run of the cleanup has lost its place"},
		{name: "in the future", given: begun, sql: `SELECT coco.clean_batch({j}, 'infinity', NULL, 10, false)`, code: "CO017", message: "the date before which commands are removed"},
	})
}

func TestEverythingBelongsToTheOwnerOfTheEnginesTables(t *testing.T) {
	t.Parallel()
	run(t, atExpand, []call{
		{
			name: "another owner", given: `CREATE ROLE procedures_owner; GRANT ALL ON SCHEMA public TO procedures_owner;
				ALTER TABLE async_tasks OWNER TO procedures_owner`,
			sql: `SELECT coco.own_all(); SELECT nspowner::regrole, (SELECT count(*) FROM pg_class WHERE relnamespace = n.oid AND relkind IN ('r', 'v')
					AND relowner <> nspowner), (SELECT count(*) FROM pg_proc WHERE pronamespace = n.oid AND proowner <> nspowner)
				FROM pg_namespace n WHERE nspname = 'coco'`,
			want: []string{"procedures_owner|0|0"},
		},
		{
			name: "a procedure loses the grants that the one it stands for did not have",
			given: `CREATE ROLE procedures_caller; CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
				REVOKE ALL ON FUNCTION f(integer) FROM PUBLIC; CREATE FUNCTION f(a text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
				GRANT EXECUTE ON FUNCTION f(text) TO procedures_caller`,
			sql:  `SELECT coco.dress('f(text)'::regprocedure, 'f(integer)'::regprocedure); SELECT proacl FROM pg_proc WHERE oid = 'f(text)'::regprocedure`,
			want: []string{"{postgres=X/postgres}"},
		},
		{name: "the same owner", sql: `SELECT coco.own_all()`, want: []string{""}},
	})
}
