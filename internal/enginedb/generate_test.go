package enginedb_test

import (
	"testing"

	"github.com/ovirt/coco/internal/enginedb"
)

func TestGenerateMakesAsManyTasksAsAsked(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	const tasks = 3001
	for seed := range uint64(2) {
		if err := enginedb.Generate(t.Context(), conn, enginedb.GenerateOptions{Tasks: tasks, Seed: seed}); err != nil {
			t.Fatal(err)
		}
	}
	between := func(what string, got, low, high int) {
		if got < low || got > high {
			t.Errorf("%s: %d, want %d to %d", what, got, low, high)
		}
	}
	between("tasks", number(t, conn, `SELECT count(*) FROM async_tasks`), 2*tasks, 2*tasks)
	between("links", number(t, conn, `SELECT count(*) FROM async_tasks_entities`), tasks+1, tasks+1)
	between("shortest text", number(t, conn, `SELECT min(least(octet_length(action_parameters), octet_length(task_parameters)))
		FROM async_tasks`), 512, 550)
	between("longest text", number(t, conn, `SELECT max(greatest(octet_length(action_parameters), octet_length(task_parameters)))
		FROM async_tasks`), 4050, 4096)
	between("tasks per 100 commands", number(t, conn, `SELECT 100 * count(*) / count(DISTINCT command_id) FROM async_tasks`), 150, 170)
	between("percent placeholders", number(t, conn, `SELECT 100 * count(*) FILTER (WHERE step_id IS NULL) / count(*) FROM async_tasks`), 15, 25)
	between("percent of commands that are roots", number(t, conn, `SELECT 100 * count(DISTINCT command_id)
		FILTER (WHERE command_id = root_command_id) / count(DISTINCT command_id) FROM async_tasks`), 20, 40)
	between("texts that are not jsonb", number(t, conn, `SELECT count(*) FROM async_tasks
		WHERE jsonb_typeof(action_parameters::jsonb) <> 'object' OR jsonb_typeof(task_parameters::jsonb) <> 'object'`), 0, 0)
	between("pools named", number(t, conn, `SELECT count(*) FROM fn_db_get_async_tasks() WHERE dc_name LIKE 'Generated%'`), 4, 4)
}

func TestGenerateRepeatsItself(t *testing.T) {
	t.Parallel()
	conn := engine(t)
	opts := enginedb.GenerateOptions{Tasks: 200, Seed: 7, MinText: 10, MaxText: 900, TasksPerCommand: 3}
	digest := func() string {
		if err := enginedb.Generate(t.Context(), conn, opts); err != nil {
			t.Fatal(err)
		}
		return lines(t, conn, `SELECT md5(string_agg(t::text, '' ORDER BY task_id)) FROM async_tasks AS t`)[0]
	}
	first := digest()
	if err := enginedb.Generate(t.Context(), conn, opts); err == nil {
		t.Error("the same seed twice gave no collision")
	}
	exec(t, conn, `TRUNCATE async_tasks CASCADE`)
	if again := digest(); again != first {
		t.Error("the same seed gave other rows")
	}
}

func TestGenerateRefusesImpossibleOptions(t *testing.T) {
	for _, opts := range []enginedb.GenerateOptions{
		{Tasks: -1},
		{MinText: 100, MaxText: 50},
		{MinText: -1},
		{TasksPerCommand: 0.5},
	} {
		if err := enginedb.Generate(t.Context(), nil, opts); err == nil {
			t.Errorf("%+v: no error", opts)
		}
	}
}
