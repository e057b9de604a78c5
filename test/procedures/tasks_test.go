package procedures

import (
	"strings"
	"testing"
)

// Tasks as calls show them.
const (
	showTask = `SELECT task_id, action_type, status, result, step_id, command_id, started_at IS NULL, storage_pool_id, task_type,
		vdsm_task_id FROM async_tasks ORDER BY task_id`
	showCommands = `SELECT command_id, command_type, parent_command_id, root_command_id, action_parameters, action_parameters_class,
		status, finished_at IS NOT NULL FROM command_entities ORDER BY created_at, command_id`
	insertTask = `SELECT insertasync_tasks(4, 0, 2, {v}, {t}, NULL, {c}, '2014-01-01', {sp}, 1);`
	oldInsert  = `SELECT insertasync_tasks(4, 0, 2, {v}, {t}, 'action', 'A', 'task', 'T', NULL, {c}, {r}, '2014-01-01', {sp}, 1);`
)

func TestWritersOfTasksAfterRetire(t *testing.T) {
	t.Parallel()
	run(t, atRetire, []call{
		{name: "insert stores what it is given", sql: insertTask + showTask, want: []string{"{t}|4|2|0|NULL|{c}|f|{sp}|1|{v}"}},
		{
			name: "insert takes NULL where the engine has nothing to say",
			sql:  `SELECT insertasync_tasks(4, 0, 2, NULL, {t}, NULL, {c}, NULL, NULL, 1);` + showTask,
			want: []string{"{t}|4|2|0|NULL|{c}|t|NULL|1|NULL"},
		},
		{
			name: "insert refuses a task that is there", given: insertTask, sql: insertTask,
			code: "23505", message: "duplicate key value violates unique constraint",
		},
		{
			name: "insert refuses a task without an id",
			sql:  `SELECT insertasync_tasks(4, 0, 2, NULL, NULL, NULL, {c}, NULL, NULL, 1)`,
			code: "23502", message: `null value in column "task_id"`,
		},
		{
			name: "update changes all but time and type", given: insertTask,
			sql:  `SELECT updateasync_tasks(5, 1, 3, {w}, {t}, {s}, {d}, NULL);` + showTask,
			want: []string{"{t}|5|3|1|{s}|{d}|f|NULL|1|{w}"},
		},
		{
			name: "update of an unknown task does nothing", given: insertTask,
			sql:  `SELECT updateasync_tasks(5, 1, 3, {w}, {u}, {s}, {d}, NULL);` + showTask,
			want: []string{"{t}|4|2|0|NULL|{c}|f|{sp}|1|{v}"},
		},
		{
			name: "upsert inserts a new task",
			sql:  `SELECT insertorupdateasynctasks(4, 0, 2, {v}, {t}, NULL, {c}, '2014-01-01', {sp}, 1);` + showTask,
			want: []string{"{t}|4|2|0|NULL|{c}|f|{sp}|1|{v}"},
		},
		{
			name: "upsert leaves time and type of a task that is there", given: insertTask,
			sql:  `SELECT insertorupdateasynctasks(5, 1, 3, {w}, {t}, {s}, {d}, NULL, NULL, 7);` + showTask,
			want: []string{"{t}|5|3|1|{s}|{d}|f|NULL|1|{w}"},
		},
		{
			name:  "a task that changes its command leaves nothing of the other one behind",
			given: `SELECT insertcommandentity({c}, 4, NULL, {c}, 'c', 'C', '2014-01-01', 'ACTIVE');` + insertTask,
			sql:   `SELECT updateasync_tasks(4, 0, 2, {v}, {t}, NULL, {d}, {sp}); SELECT count(*) FROM coco.ledger`,
			want:  []string{"0"},
		},
		{name: "delete counts what went", given: insertTask, sql: `SELECT deleteasync_tasks({t})`, want: []string{"1"}},
		{name: "delete of an unknown task is none", given: insertTask, sql: `SELECT deleteasync_tasks({u})`, want: []string{"0"}},
		{name: "delete of NULL is none", given: insertTask, sql: `SELECT deleteasync_tasks(NULL)`, want: []string{"0"}},
		{name: "delete by the host's task", given: insertTask, sql: `SELECT deleteasynctasksbyvdsmtaskid({v})`, want: []string{"1"}},
		{name: "delete by a host's task nobody has", given: insertTask, sql: `SELECT deleteasynctasksbyvdsmtaskid({w})`, want: []string{"0"}},
	})
}

func TestGettersOfTasks(t *testing.T) {
	t.Parallel()
	given := `SELECT insertcommandentity({r}, 4, NULL, {r}, 'root with ' || {sp}, 'R', '2014-01-01', 'ACTIVE');
		SELECT insertcommandentity({c}, 5, {r}, {r}, 'own', 'C', '2014-01-02', 'ACTIVE');` + insertTask + `
		SELECT insertasynctaskentities({t}, {vm}, 'VM');`
	values := ` SELECT task_id, action_parameters, action_params_class, task_parameters, task_params_class, root_command_id FROM `
	row := []string{"{t}|root with {sp}|R|own|C|{r}"}
	run(t, atRetire, []call{
		{name: "all", given: given, sql: values + `getallfromasync_tasks()`, want: row},
		{name: "by id", given: given, sql: values + `getasync_tasksbytask_id({t})`, want: row},
		{name: "by an unknown id", given: given, sql: values + `getasync_tasksbytask_id({u})`},
		{name: "by no id", given: given, sql: values + `getasync_tasksbytask_id(NULL)`},
		{name: "by entity", given: given, sql: values + `getasynctasksbyentityid({vm})`, want: row},
		{name: "by an entity that none locks", given: given, sql: values + `getasynctasksbyentityid({t})`},
		{name: "by the host's task", given: given, sql: values + `getasynctasksbyvdsmtaskid({v})`, want: row},
		{name: "by a host's task nobody has", given: given, sql: values + `getasynctasksbyvdsmtaskid({w})`},
		{name: "ids by entity", given: given, sql: `SELECT * FROM getasynctasksidsbyentityid({vm})`, want: []string{"{t}"}},
		{name: "ids by storage pool", given: given, sql: `SELECT * FROM getasynctasksbystoragepoolid({sp})`, want: []string{"{t}"}},
		{name: "entities", given: given, sql: `SELECT * FROM getasynctaskentitiesbytaskid({t})`, want: []string{"{t}|{vm}|VM"}},
		{
			name: "an entity comes once", given: given,
			sql:  `SELECT insertasynctaskentities({t}, {vm}, 'VM'); SELECT count(*) FROM async_tasks_entities`,
			want: []string{"1"},
		},
		{
			name: "an entity needs its task", sql: `SELECT insertasynctaskentities({t}, {vm}, 'VM')`,
			code: "23503", message: "insert or update on table",
		},
		{
			name: "the summary finds the data center in the parameters",
			given: `CREATE TABLE storage_pool AS SELECT {sp}::uuid AS id, 'east'::varchar AS name, {vm}::uuid AS spm_vds_id;
				CREATE TABLE vds_static AS SELECT {vm}::uuid AS vds_id, 'host'::varchar AS vds_name;` + given,
			sql:  `SELECT * FROM fn_db_get_async_tasks()`,
			want: []string{"{sp}|east|{vm}|host|1"},
		},
	})
}

func TestWritersOfTheEnginesSignaturesKeepBothPlaces(t *testing.T) {
	t.Parallel()
	for _, phase := range []struct {
		name    string
		version int
		columns string // what is in the moved columns of async_tasks
	}{
		{"mirror", atMirror, "action|A|task|T|{r}"},
		{"getters", atGetters, "action|A|task|T|{r}"},
		{"switch", atSwitch, "NULL|NULL|NULL|NULL|NULL"},
	} {
		t.Run(phase.name, func(t *testing.T) {
			t.Parallel()
			moved := `SELECT action_parameters, action_params_class, task_parameters, task_params_class, root_command_id FROM async_tasks`
			given := oldInsert
			run(t, phase.version, []call{
				{name: "insert writes the task", sql: oldInsert + moved, want: []string{phase.columns}},
				{
					name: "insert writes its commands", sql: oldInsert + showCommands,
					want: []string{"{c}|0|{r}|{r}|task|T|ACTIVE|f", "{r}|4|NULL|{r}|action|A|ACTIVE|f"},
				},
				{name: "insert refuses a task that is there", given: given, sql: oldInsert, code: "23505", message: "duplicate key"},
				{
					name: "update changes the command along", given: given,
					sql: `SELECT updateasync_tasks(5, 1, 3, {w}, {t}, 'more', 'B', 'task', 'T', {s}, {c}, {r}, NULL);
						SELECT action_parameters, action_parameters_class FROM command_entities WHERE command_id = {r}`,
					want: []string{"more|B"},
				},
				{
					name: "update of an unknown task stores no command",
					sql:  `SELECT updateasync_tasks(5, 1, 3, {w}, {t}, 'more', 'B', 'task', 'T', {s}, {c}, {r}, NULL);` + showCommands,
				},
				{
					name: "upsert inserts",
					sql: `SELECT insertorupdateasynctasks(4, 0, 2, {v}, {t}, 'action', 'A', 'task', 'T', NULL, {c}, {r}, '2014-01-01', {sp}, 1);` +
						showCommands,
					want: []string{"{c}|0|{r}|{r}|task|T|ACTIVE|f", "{r}|4|NULL|{r}|action|A|ACTIVE|f"},
				},
				{
					name: "upsert moves a task to another command, and its old one goes", given: given,
					sql: `SELECT insertorupdateasynctasks(4, 0, 2, {v}, {t}, 'action', 'A', 'task', 'T', NULL, {d}, {r}, NULL, {sp}, 1);
						SELECT command_id, command_type, status FROM command_entities ORDER BY 2`,
					want: []string{"{d}|0|ACTIVE", "{r}|4|ACTIVE"},
				},
				{
					name: "update moves a task below another root, and its old one goes", given: given,
					sql:  `SELECT updateasync_tasks(4, 0, 2, {v}, {t}, 'action', 'A', 'task', 'T', NULL, {c}, {z}, {sp});` + showCommands,
					want: []string{"{c}|0|{z}|{z}|task|T|ACTIVE|f", "{z}|4|NULL|{z}|action|A|ACTIVE|f"},
				},
				{
					name: "a task of a root alone", sql: replaced(oldInsert, "{c}, {r}", "{none}, {r}") + showCommands,
					want: []string{"{r}|4|NULL|{r}|action|A|ACTIVE|f"},
				},
				{
					name: "a task without root and host's task has one command that is not started",
					sql: `SELECT insertasync_tasks(4, 0, 2, {none}, {t}, NULL, NULL, NULL, NULL, NULL, {c}, {none}, NULL, NULL, 1);` +
						showCommands,
					want: []string{"{c}|4|NULL|NULL|NULL|NULL|NOT_STARTED|f"},
				},
				{
					name: "a task that is its own root", given: replaced(oldInsert, "{c}, {r}", "{c}, {c}"),
					sql: showCommands, want: []string{"{c}|4|NULL|{c}|action|A|ACTIVE|f"},
				},
				{
					name: "a task without a command keeps its values",
					sql: replaced(oldInsert, "{c}, {r}", "{none}, NULL") +
						`SELECT keeps_root, keeps_action, keeps_task, action_parameters, task_parameters FROM coco.archive`,
					want: []string{"f|t|t|action|task"},
				},
				{
					name: "deleting the last task takes its commands along", given: given,
					sql:  `SELECT deleteasync_tasks({t}); SELECT (SELECT count(*) FROM command_entities), (SELECT count(*) FROM coco.ledger)`,
					want: []string{"0|0"},
				},
				{
					name: "TRUNCATE takes all commands along", given: given,
					sql:  `TRUNCATE async_tasks CASCADE; SELECT (SELECT count(*) FROM command_entities), (SELECT count(*) FROM coco.ledger)`,
					want: []string{"0|0"},
				},
			})
		})
	}
}

// replaced is a script with another text in the place of one that it has.
func replaced(text, old, with string) string {
	if !strings.Contains(text, old) {
		panic(old + " is not in the script")
	}
	return strings.ReplaceAll(text, old, with)
}
