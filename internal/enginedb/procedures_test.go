package enginedb_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
)

const (
	taskA = "00000000-0000-0000-0000-00000000000a"
	taskB = "00000000-0000-0000-0000-00000000000b"
	pool  = "00000000-0000-0000-0000-0000000000d1"
)

// upsert calls the engine's procedure. The task id serves as every other id too, the text as every text.
func upsert(t *testing.T, conn *pgx.Conn, task string, actionType int, text, started string, taskType int) {
	t.Helper()
	exec(t, conn, `SELECT InsertOrUpdateAsyncTasks($1, 0, 2, $2, $2, $3::text, $3::text, $3::text, $3::text, $2, $2, $2,
		$4::text::timestamptz, $5, $6)`,
		actionType, task, text, started, pool, taskType)
}

func TestUpdateLeavesStartAndTaskTypeAlone(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	upsert(t, conn, taskA, 4, "old", "2014-01-01 00:00:00+00", 5)
	upsert(t, conn, taskA, 7, "new", "2015-01-01 00:00:00+00", 6)
	got := lines(t, conn, `SELECT concat_ws('|', action_type, action_parameters, task_params_class,
		started_at AT TIME ZONE 'UTC', task_type) FROM getallfromasync_tasks()`)
	if want := []string{"7|new|new|2014-01-01 00:00:00|5"}; !slices.Equal(got, want) {
		t.Errorf("after the update: %q, want %q", got, want)
	}
}

func TestLinkIsAddedOnceAndGoesWithItsTask(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	upsert(t, conn, taskA, 4, "", "now", 5)
	for _, kind := range []string{"VM", "Storage"} {
		exec(t, conn, `SELECT InsertAsyncTaskEntities($1, $2, $3)`, taskA, pool, kind)
	}
	got := lines(t, conn, `SELECT entity_type FROM GetAsyncTaskEntitiesByTaskId($1)`, taskA)
	if want := []string{"VM"}; !slices.Equal(got, want) {
		t.Errorf("links: %q, want %q", got, want)
	}
	if n := number(t, conn, `SELECT count(*) FROM GetAsyncTasksByEntityId($1)`, pool); n != 1 {
		t.Errorf("%d tasks of the entity, want 1", n)
	}
	if n := number(t, conn, `SELECT Deleteasync_tasks($1)`, taskA); n != 1 {
		t.Errorf("%d tasks deleted, want 1", n)
	}
	if n := number(t, conn, `SELECT count(*) FROM async_tasks_entities`); n != 0 {
		t.Errorf("%d links left, want none", n)
	}
}

func TestSupportFunctionCountsTasksWhoseActionParametersMentionThePool(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	exec(t, conn, `INSERT INTO vds_static (vds_id, vds_name, host_name, port, vds_group_id) VALUES ($1, 'h1', 'h1', 1, $1)`, taskA)
	exec(t, conn, `INSERT INTO storage_pool (id, name, description, status, master_domain_version, spm_vds_id)
		VALUES ($1, 'dc1', '', 1, 1, $2)`, pool, taskA)
	upsert(t, conn, taskA, 4, `{"storagePoolId":"`+pool+`"}`, "now", 5)
	upsert(t, conn, taskB, 4, `{}`, "now", 5)
	got := lines(t, conn, `SELECT concat_ws(' ', dc_id, dc_name, spm_host_name, task_count) FROM fn_db_get_async_tasks()`)
	if want := []string{pool + " dc1 h1 1"}; !slices.Equal(got, want) {
		t.Errorf("fn_db_get_async_tasks: %q, want %q", got, want)
	}
	exec(t, conn, `UPDATE async_tasks SET storage_pool_id = NULL`)
	got = lines(t, conn, `SELECT concat_ws('|', dc_id, dc_name, spm_host_name, task_count) FROM fn_db_get_async_tasks()`)
	if want := []string{"|0"}; !slices.Equal(got, want) {
		t.Errorf("fn_db_get_async_tasks without pools: %q, want %q", got, want)
	}
}

func TestStartUpCleaningSparesJobsOfTasks(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	upsert(t, conn, taskA, 4, "", "now", 5) // its step is taskA
	exec(t, conn, `INSERT INTO job (job_id, action_type, description, status, start_time, correlation_id)
		SELECT md5(d)::uuid, a, d, s, now(), ''
		FROM (VALUES ('idle', 'RunVm', 'STARTED'), ('busy', 'RunVm', 'STARTED'), ('other', 'AddDisk', 'STARTED'),
		             ('over', 'RunVm', 'FINISHED'), ('moving', 'AddDisk', 'STARTED')) AS v (d, a, s)`)
	exec(t, conn, `INSERT INTO step (step_id, job_id, step_type, description, step_number, status, start_time, correlation_id)
		VALUES ($1, md5('busy')::uuid, 'EXECUTING', '', 1, 'STARTED', now(), ''),
		       ($2, md5('moving')::uuid, 'MIGRATE_VM', '', 1, 'STARTED', now(), '')`, taskA, taskB)
	exec(t, conn, `SELECT DeleteRunningJobsOfTasklessCommands()`)
	got := lines(t, conn, `SELECT description FROM job ORDER BY description COLLATE "C"`)
	if want := []string{"busy", "other", "over"}; !slices.Equal(got, want) {
		t.Errorf("jobs left: %q, want %q", got, want)
	}
}
