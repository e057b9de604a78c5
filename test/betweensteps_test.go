package test

import (
	"fmt"
	"testing"
)

// tasksToChange are a few commands with a task or two each.
const tasksToChange = `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, root_command_id, action_parameters,
		action_params_class, task_parameters, task_params_class, vdsm_task_id, started_at)
	SELECT format('00000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid, 0, 1, 0, command::uuid, root::uuid, 'of ' || n, 'A', 'own of ' || n, 'T',
		vdsm::uuid, '2014-03-01 10:00:00+00'::timestamptz + n * interval '1 minute'
	FROM (VALUES
		(1, 'c0000000-0000-4000-8000-000000000001', NULL, '00000000-0000-0000-0000-000000000000'), -- waits
		(2, 'c0000000-0000-4000-8000-000000000002', NULL, 'd0000000-0000-4000-8000-000000000002'), -- its command's only task
		(3, 'c0000000-0000-4000-8000-000000000003', 'a0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000003'),
		(4, 'c0000000-0000-4000-8000-000000000004', 'a0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000004'),
		(5, 'c0000000-0000-4000-8000-000000000005', 'a0000000-0000-4000-8000-000000000002', 'd0000000-0000-4000-8000-000000000005'),
		(6, 'c0000000-0000-4000-8000-000000000006', 'a0000000-0000-4000-8000-000000000003', 'd0000000-0000-4000-8000-000000000006')
	) AS v(n, command, root, vdsm)`

// changesBetweenSteps are what an engine may do to them.
var changesBetweenSteps = map[string]string{
	"a task is submitted, and nothing else changes": `UPDATE async_tasks SET vdsm_task_id = 'd0000000-0000-4000-8000-000000000001',
		action_type = 7 WHERE task_id = '00000000-0000-4000-8000-000000000001'`,
	"a command's only task goes":      `DELETE FROM async_tasks WHERE task_id = '00000000-0000-4000-8000-000000000002'`,
	"a root's last task goes":         `DELETE FROM async_tasks WHERE task_id = '00000000-0000-4000-8000-000000000005'`,
	"one of a root's two tasks goes":  `DELETE FROM async_tasks WHERE task_id = '00000000-0000-4000-8000-000000000004'`,
	"a task changes to another root":  `UPDATE async_tasks SET root_command_id = 'a0000000-0000-4000-8000-000000000004' WHERE task_id = '00000000-0000-4000-8000-000000000006'`,
	"a task loses its root":           `UPDATE async_tasks SET root_command_id = NULL WHERE task_id = '00000000-0000-4000-8000-000000000006'`,
	"a task changes to a new command": `UPDATE async_tasks SET command_id = 'c0000000-0000-4000-8000-000000000009' WHERE task_id = '00000000-0000-4000-8000-000000000002'`,
	"a task joins another command": `UPDATE async_tasks SET command_id = 'c0000000-0000-4000-8000-000000000003' WHERE
		task_id = '00000000-0000-4000-8000-000000000002'`,
	"a task comes": `INSERT INTO async_tasks (task_id, action_type, status, result, command_id, root_command_id, action_parameters, started_at,
		vdsm_task_id) VALUES ('00000000-0000-4000-8000-000000000007', 5, 1, 0, 'c0000000-0000-4000-8000-000000000007',
		'a0000000-0000-4000-8000-000000000001', 'of 7', '2014-03-01 11:00:00+00', 'd0000000-0000-4000-8000-000000000007')`,
	"a task's values change": `UPDATE async_tasks SET action_parameters = 'new', task_parameters = 'own new' WHERE
		task_id = '00000000-0000-4000-8000-000000000003'`,
}

// everyCommand is what does not depend on which of several tasks stands for a command: that may be another one when tasks come one by one.
const everyCommand = `SELECT concat_ws(' | ', command_id, command_type, parent_command_id, root_command_id, status, finished_at)
	FROM command_entities ORDER BY command_id`

// TestWhatChangesBetweenTheStepsOfTheCopyEndsAsIfItHadChangedBefore changes tasks when their commands are chosen, when these are copied and
// when the ledger is made.
func TestWhatChangesBetweenTheStepsOfTheCopyEndsAsIfItHadChangedBefore(t *testing.T) {
	t.Parallel()
	for what, change := range changesBetweenSteps {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			db := engine(t)
			conn := db.Connect(t.Context())
			exec(t, conn, tasksToChange+";"+change)
			up(t, conn, 0, versionContract)
			want, tasks := query(t, conn, everyCommand), query(t, conn, allTasks)
			for _, step := range []string{"choose", "commands", "survey", "compare", "archive"} {
				t.Run("after "+step, func(t *testing.T) {
					db := engine(t)
					conn := db.Connect(t.Context())
					exec(t, conn, tasksToChange)
					up(t, conn, 0, versionExpand)
					done := fmt.Sprintf(`SELECT finished::text FROM coco.progress WHERE step = '%s'`, step)
					for query(t, conn, done)[0] != "true" {
						exec(t, conn, `SELECT coco.backfill(1000)`)
					}
					exec(t, conn, change)
					up(t, conn, versionExpand, versionProve-1)
					for range 20 {
						if query(t, conn, `SELECT coco.catch_up(50)::text`)[0] == "0" {
							break
						}
					}
					up(t, conn, versionProve-1, versionContract)
					same(t, "commands", want, query(t, conn, everyCommand))
					same(t, "what does not hold", nil, query(t, conn, `SELECT concat_ws(' ', check_name, object, detail) FROM coco.verify(10)`))
					same(t, "tasks", tasks, query(t, conn, allTasks))
				})
			}
		})
	}
}
