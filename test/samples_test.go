package test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
)

// versionBackfill is where all rows have been copied.
const versionBackfill = 3

// samples returns the scripts that load the samples: the repository's own, and the engine's where ENGINE_SAMPLE names it.
func samples(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{"our sample": enginedb.Sample()}
	if path := os.Getenv("ENGINE_SAMPLE"); path != "" {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all["the engine's sample"] = string(script)
	}
	return all
}

// movedValues is a task's id and the five values that move, as the engine left them.
const movedValues = `SELECT ROW(t.task_id, t.action_parameters, t.action_params_class, t.task_parameters, t.task_params_class,
	t.root_command_id)::text FROM %s ORDER BY t.task_id`

// throughNewSchema says for itself where the five values live now, so that an error in coco's own view would show.
const throughNewSchema = `(
	SELECT t.task_id,
		CASE WHEN a.keeps_action THEN a.action_parameters ELSE acting.action_parameters END AS action_parameters,
		CASE WHEN a.keeps_action THEN a.action_params_class ELSE acting.action_parameters_class END AS action_params_class,
		CASE WHEN a.keeps_task THEN a.task_parameters ELSE own.action_parameters END AS task_parameters,
		CASE WHEN a.keeps_task THEN a.task_params_class ELSE own.action_parameters_class END AS task_params_class,
		root.id AS root_command_id
	FROM async_tasks t
	LEFT JOIN coco.archive a USING (task_id)
	LEFT JOIN command_entities own USING (command_id)
	CROSS JOIN LATERAL (SELECT CASE WHEN a.keeps_root THEN a.root_command_id
		WHEN own.parent_command_id IS NOT NULL THEN own.parent_command_id ELSE own.root_command_id END) AS root(id)
	LEFT JOIN command_entities acting ON acting.command_id =
		CASE WHEN root.id IS NULL OR root.id = '00000000-0000-0000-0000-000000000000' THEN t.command_id ELSE root.id END
	) AS t`

func TestSamplesReadBackEveryMovedValueByteForByte(t *testing.T) {
	t.Parallel()
	for name, sample := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := engine(t, sample, enginedb.DecorateSQL()).Connect(t.Context())
			before := query(t, conn, fmt.Sprintf(movedValues, `async_tasks AS t`))
			if len(before) != 46 {
				t.Fatalf("%d tasks, want 46", len(before))
			}
			at := 0
			for _, version := range []int{versionContract, versionRetire} {
				up(t, conn, at, version)
				at = version
				for place, from := range map[string]string{
					"the new tables": throughNewSchema,
					"all tasks":      `getallfromasync_tasks() AS t`,
					"task by task":   `async_tasks AS a CROSS JOIN LATERAL getasync_tasksbytask_id(a.task_id) AS t`,
				} {
					same(t, fmt.Sprintf("%s at version %d", place, version), before, query(t, conn, fmt.Sprintf(movedValues, from)))
				}
				holds(t, conn)
			}
		})
	}
}

func TestSamplesNeedAsManyCommandsAndArchivedRowsAsMeasured(t *testing.T) {
	t.Parallel()
	for name, sample := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := engine(t, sample).Connect(t.Context())
			up(t, conn, 0, versionProve)
			same(t, "commands; archived tasks, those for action_*, task_*, root_command_id", []string{"51; 14, 7, 9, 3"},
				query(t, conn, `SELECT format('%s; %s, %s, %s, %s', (SELECT count(*) FROM command_entities), count(*),
					count(*) FILTER (WHERE keeps_action), count(*) FILTER (WHERE keeps_task), count(*) FILTER (WHERE keeps_root))
					FROM coco.archive`))
			same(t, "the receipt", []string{"46 51 14"},
				query(t, conn, `SELECT concat_ws(' ', tasks, commands, archived) FROM coco.receipt`))
		})
	}
}

func TestOldProceduresAnswerAsBeforeForTheSamples(t *testing.T) {
	t.Parallel()
	for name, sample := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := engine(t, sample, enginedb.DecorateSQL()).Connect(t.Context())
			arguments := everyArgument(t, conn)
			columns, answers, effects := resultColumns(t, conn), readAnswers(t, conn, arguments), writeEffects(t, conn)
			for version := 1; version <= versionRetire; version++ {
				up(t, conn, version-1, version)
				what := fmt.Sprintf(" at version %d", version)
				same(t, "result columns"+what, columns, resultColumns(t, conn))
				same(t, "answers"+what, answers, readAnswers(t, conn, arguments))
				if version <= versionContract {
					same(t, "effects of writers"+what, effects, writeEffects(t, conn))
				}
			}
		})
	}
}

// readers are the engine's procedures that only read and take one id.
var readers = []string{
	"getasync_tasksbytask_id", "getasynctasksbyentityid", "getasynctasksbyvdsmtaskid", "getasynctasksbystoragepoolid",
	"getasynctasksidsbyentityid", "getasynctaskentitiesbytaskid",
}

// everyArgument returns all ids that occur anywhere in the tasks, an unknown one, the zero GUID and NULL.
func everyArgument(t *testing.T, conn *pgx.Conn) []*uuid.UUID {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		SELECT task_id FROM async_tasks UNION SELECT command_id FROM async_tasks UNION SELECT root_command_id FROM async_tasks
		UNION SELECT vdsm_task_id FROM async_tasks UNION SELECT storage_pool_id FROM async_tasks
		UNION SELECT entity_id FROM async_tasks_entities UNION SELECT id FROM storage_pool
		UNION VALUES ('00000000-0000-0000-0000-000000000000'::uuid), ('deadbeef-0000-4000-8000-000000000000'), (NULL)`)
	if err != nil {
		t.Fatal(err)
	}
	arguments, err := pgx.CollectRows(rows, pgx.RowTo[*uuid.UUID])
	if err != nil {
		t.Fatal(err)
	}
	return arguments
}

// readAnswers returns every row that every reading procedure gives for every argument.
func readAnswers(t *testing.T, conn *pgx.Conn, arguments []*uuid.UUID) []string {
	t.Helper()
	answers := query(t, conn, `SELECT r::text FROM getallfromasync_tasks() r ORDER BY 1`)
	answers = append(answers, query(t, conn, `SELECT r::text FROM fn_db_get_async_tasks() r ORDER BY 1`)...)
	for _, reader := range readers {
		answers = append(answers, query(t, conn, fmt.Sprintf(`SELECT '%[1]s ' || concat_ws(' ', a.id, r::text)
			FROM unnest($1::uuid[]) AS a(id) LEFT JOIN LATERAL %[1]s(a.id) AS r ON true ORDER BY 1`, reader), arguments)...)
	}
	return answers
}

// resultColumns returns names and types of the columns of every reading procedure.
func resultColumns(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	calls := []string{"getallfromasync_tasks()", "fn_db_get_async_tasks()"}
	for _, reader := range readers {
		calls = append(calls, reader+"(NULL)")
	}
	var columns []string
	for _, call := range calls {
		rows, err := conn.Query(t.Context(), `SELECT * FROM `+call)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range rows.FieldDescriptions() {
			columns = append(columns, fmt.Sprintf("%s: %s %d %d", call, field.Name, field.DataTypeOID, field.TypeModifier))
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return columns
}

// writes call each procedure that writes, over what the tasks hold; every one starts from the database as it was.
var writes = []string{
	`SELECT (SELECT insertasync_tasks(action_type, 3, 1, vdsm_task_id, md5(task_id::text)::uuid, action_parameters || ' again',
		action_params_class, task_parameters, NULL, step_id, command_id, root_command_id, '2015-01-01', storage_pool_id, 7))::text
		FROM async_tasks_before ORDER BY task_id`,
	`SELECT (SELECT updateasync_tasks(action_type, 1, 2, NULL, task_id, task_parameters, task_params_class, action_parameters,
		action_params_class, NULL, command_id, root_command_id, NULL))::text FROM async_tasks_before ORDER BY task_id`,
	`SELECT (SELECT insertorupdateasynctasks(4, 0, 3, vdsm_task_id, task_id, action_parameters, action_params_class, '{}',
		'changed', step_id, task_id, command_id, '2015-01-01', storage_pool_id, 7))::text FROM async_tasks_before ORDER BY task_id`,
	`SELECT insertorupdateasynctasks(4, 0, 3, NULL, md5('new')::uuid, '', '', NULL, '', NULL, md5('c')::uuid, md5('r')::uuid,
		NULL, md5('p')::uuid, 0)::text`,
	`SELECT insertasynctaskentities(task_id, command_id, 'VM')::text FROM async_tasks_before ORDER BY task_id`,
	`SELECT deleteasync_tasks(task_id)::text FROM async_tasks_before ORDER BY task_id DESC LIMIT 30`,
	`SELECT deleteasynctasksbyvdsmtaskid(vdsm_task_id)::text FROM async_tasks_before ORDER BY task_id`,
	`SELECT deleteasync_tasks(NULL)::text || deleteasynctasksbyvdsmtaskid(NULL)`,
	`SELECT deleterunningjobsoftasklesscommands()::text`,
}

// writeEffects returns what each writing procedure answers, and all tasks and links after it. Nothing of it stays.
func writeEffects(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	var effects []string
	for _, write := range writes {
		exec(t, conn, `BEGIN; CREATE TEMPORARY TABLE async_tasks_before ON COMMIT DROP AS SELECT * FROM getallfromasync_tasks()`)
		effects = append(effects, query(t, conn, write)...)
		effects = append(effects, query(t, conn, allTasks)...)
		effects = append(effects, query(t, conn, `SELECT e::text FROM async_tasks_entities e ORDER BY 1`)...)
		effects = append(effects, query(t, conn, `SELECT r::text FROM fn_db_get_async_tasks() r ORDER BY 1`)...)
		exec(t, conn, `ROLLBACK`)
	}
	return effects
}

func TestDownFromEveryVersionGivesTheSamplesDatabaseBack(t *testing.T) {
	t.Parallel()
	for name, sample := range samples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := engine(t, sample, enginedb.DecorateSQL())
			conn := db.Connect(t.Context())
			before := db.Dump(t)
			for _, version := range slices.Backward([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) {
				t.Logf("there and back from version %d", version)
				up(t, conn, 0, version)
				for at := version; at > 0; at-- {
					down(t, conn, at, at-1)
					if at > versionBackfill {
						holds(t, conn)
					}
				}
				identical(t, before, db.Dump(t))
			}
		})
	}
}
