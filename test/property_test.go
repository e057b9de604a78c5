package test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
)

// propertyCases is how many generated cases a property is tried on.
const propertyCases = 200

// casesPerDatabase share a database: their ids differ, so that they do not meet.
const casesPerDatabase = 30

const allTasks = `SELECT t::text FROM getallfromasync_tasks() t ORDER BY task_id`

func TestPropertyHostileRowsSurviveUpAndDown(t *testing.T) {
	t.Parallel()
	cases := number(t, "COCO_PROPERTY_CASES", propertyCases)
	for first := 0; first < cases; first += casesPerDatabase {
		t.Run(fmt.Sprintf("cases %d to %d", first, min(first+casesPerDatabase, cases)-1), func(t *testing.T) {
			db := engine(t, enginedb.DecorateSQL())
			conn := db.Connect(t.Context())
			for i := first; i < min(first+casesPerDatabase, cases); i++ {
				insert(t, conn, newHostile(uint64(i)).tasks())
			}
			before, dump := query(t, conn, allTasks), db.Dump(t)

			at := 0
			for _, version := range []int{versionGetters, versionSwitch, versionContract, versionRetire} {
				up(t, conn, at, version)
				at = version
				same(t, fmt.Sprintf("tasks at version %d", version), before, query(t, conn, allTasks))
				same(t, fmt.Sprintf("verify at version %d", version), nil,
					query(t, conn, `SELECT concat_ws(' ', check_name, object, detail) FROM coco.verify(10)`))
			}
			down(t, conn, versionRetire, 0)
			same(t, "tasks after down", before, query(t, conn, allTasks))
			identical(t, dump, db.Dump(t))
		})
	}
}

// insert adds tasks as they are, as an engine of any version may have left them.
func insert(t *testing.T, conn *pgx.Conn, tasks []task) {
	t.Helper()
	batch := &pgx.Batch{}
	for _, task := range tasks {
		batch.Queue(`INSERT INTO async_tasks (task_id, action_type, status, result, action_parameters, action_params_class,
				step_id, command_id, started_at, storage_pool_id, task_type, task_parameters, task_params_class,
				vdsm_task_id, root_command_id)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::timestamptz, $10, $11, $12, $13, $14, $15)`,
			task.id, task.actionType, task.status, task.result, task.actionParameters, task.actionClass,
			task.stepID, task.commandID, task.startedAt, task.poolID, task.taskType, task.taskParameters, task.taskClass,
			task.vdsmTaskID, task.rootCommandID)
	}
	if err := conn.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
}
