package coordinator_test

import (
	"errors"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/internal/upgraded"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

// before is a task as an engine of old had it, texts that are NULL as empty ones.
type before struct {
	TaskID, CommandID, RootID     uuid.UUID
	ActionType                    int32
	ActionParameters, ActionClass string
	TaskParameters, TaskClass     string
	VdsmTaskID, StoragePoolID     uuid.UUID
	Entities                      int
	Status, Result, Type          int32
	StartedAt                     pgtype.Timestamptz
}

const readBefore = `SELECT t.task_id, t.command_id,
	COALESCE(NULLIF(t.root_command_id, '00000000-0000-0000-0000-000000000000'), t.command_id), t.action_type,
	COALESCE(t.action_parameters, ''), COALESCE(t.action_params_class, ''),
	COALESCE(t.task_parameters, ''), COALESCE(t.task_params_class, ''),
	COALESCE(t.vdsm_task_id, '00000000-0000-0000-0000-000000000000'), COALESCE(t.storage_pool_id, '00000000-0000-0000-0000-000000000000'),
	(SELECT count(*) FROM async_tasks_entities e WHERE e.async_task_id = t.task_id),
	t.status, t.result, t.task_type, t.started_at
	FROM getallfromasync_tasks() AS t ORDER BY t.task_id`

// whatStays are the columns that a task which was only said to have finished keeps, NULL and the zero id apart.
const whatStays = `SELECT string_agg(ROW(task_id, action_type, result, step_id, command_id, started_at, storage_pool_id, task_type,
	vdsm_task_id)::text, ';' ORDER BY task_id) FROM async_tasks`

func (db *database) before(t *testing.T) []before {
	t.Helper()
	rows, err := db.conn.Query(t.Context(), readBefore)
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[before])
	if err != nil {
		t.Fatal(err)
	}
	return tasks
}

// engineWith is the database of an engine before the upgrade.
func engineWith(t *testing.T, sample string) *database {
	t.Helper()
	plain := testdb.New(t, testdb.Options{})
	db := &database{plain, plain.Connect(t.Context())}
	if err := enginedb.Load(t.Context(), db.conn); err != nil {
		t.Fatal(err)
	}
	if _, err := db.conn.PgConn().Exec(t.Context(), sample).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return db
}

func inFlight(t *testing.T) map[string]string {
	t.Helper()
	samples := map[string]string{"our sample": enginedb.Sample()}
	if path := os.Getenv("ENGINE_SAMPLE"); path != "" {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		samples["the engine's sample"] = string(script)
	}
	return samples
}

func TestTasksInFlightAtTheUpgradeAreRetrievedWithExactlyTheParametersTheyHad(t *testing.T) {
	t.Parallel()
	for name, sample := range inFlight(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := engineWith(t, sample)
			tasks := db.before(t)
			if len(tasks) != 46 {
				t.Fatalf("%d tasks, want 46", len(tasks))
			}
			if err := upgraded.Upgrade(t.Context(), db.URL); err != nil {
				t.Fatal(err)
			}
			c := open(t, db.URL, coordinator.Options{})
			differing, unstored := 0, 0
			for _, want := range tasks {
				got := retrieveTask(t, c, want.TaskID)
				asBefore(t, got, want)
				if got.Root() != got.Command && got.Root().ID() == got.Command.ID() {
					differing++
				}
				if errors.Is(got.Command.Opaque(), coordinator.ErrNotFound) {
					unstored++
				}
			}
			if differing == 0 || unstored == 0 {
				t.Errorf("the sample has no command whose tasks have two texts (%d), or no zero command id (%d)", differing, unstored)
			}
			all, err := c.AllTasks(t.Context())
			if err != nil || len(all) != len(tasks) {
				t.Fatalf("%d tasks, %v", len(all), err)
			}
			byID := map[uuid.UUID]*coordinator.Task{}
			for _, task := range all {
				byID[task.ID] = task
			}
			for _, want := range tasks {
				asBefore(t, byID[want.TaskID], want)
			}
			kept := ask[string](t, db, whatStays)
			saveAll(t, c, all)
			if ask[string](t, db, whatStays) != kept {
				t.Error("columns of async_tasks were changed that say nothing about how far a task has come")
			}
			for _, want := range tasks {
				want.Status = int32(coordinator.TaskFinished)
				got := retrieveTask(t, c, want.TaskID)
				got.Status = coordinator.TaskFinished // also of those that nobody can save
				asBefore(t, got, want)
			}
		})
	}
}

// asBefore compares; no text is printed.
func asBefore(t *testing.T, got *coordinator.Task, want before) {
	t.Helper()
	entities := len(got.Entities)
	if got.ActionType != want.ActionType || int32(got.Status) != want.Status || int32(got.Result) != want.Result || got.Type != want.Type ||
		got.VdsmTaskID != want.VdsmTaskID || got.StoragePoolID != want.StoragePoolID || entities != want.Entities ||
		!got.StartedAt.Equal(want.StartedAt.Time) {
		t.Errorf("task %s is not as it was before the upgrade", want.TaskID)
	}
	if got.Command.ID() != want.CommandID || got.Root().ID() != want.RootID {
		t.Errorf("task %s: command %s and root %s, want %s and %s", want.TaskID, got.Command.ID(), got.Root().ID(), want.CommandID, want.RootID)
	}
	if got.Command.Text() != want.TaskParameters || got.Command.Class() != want.TaskClass {
		t.Errorf("task %s has other task parameters than before the upgrade", want.TaskID)
	}
	if got.Root().Text() != want.ActionParameters || got.Root().Class() != want.ActionClass {
		t.Errorf("task %s has other action parameters than before the upgrade", want.TaskID)
	}
	for _, cmd := range []*coordinator.Command{got.Command, got.Root()} {
		if cmd.Text() != "" && !errors.Is(cmd.Opaque(), coordinator.ErrOpaque) {
			t.Errorf("task %s: nobody has registered the class of its command, and it is not opaque", want.TaskID)
		}
	}
}

// saveAll adopts the tasks' commands, as a program does that takes over from an engine of old, and says that each task has finished.
func saveAll(t *testing.T, c *coordinator.Coordinator, tasks []*coordinator.Task) {
	t.Helper()
	for _, task := range tasks {
		task.Status = coordinator.TaskFinished
		err := c.SaveTask(t.Context(), task)
		if errors.Is(task.Command.Opaque(), coordinator.ErrNotFound) {
			if !errors.Is(err, coordinator.ErrNotFound) {
				t.Errorf("task %s, whose command is not stored: %v", task.ID, err)
			}
			continue
		}
		if task.Command.Owner() == uuid.Nil && err != nil && !errors.Is(err, coordinator.ErrLostOwnership) {
			t.Errorf("task %s, before its command is adopted: %v", task.ID, err)
		}
		if _, err := c.Adopt(t.Context(), task.Command.ID()); err != nil {
			t.Fatal(err)
		}
		if err := c.SaveTask(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATaskWhoseCommandIsGoneIsRetrievedAndCanBeRemoved(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	db.exec(t, `SELECT insertasync_tasks(7, 0, 2, NULL, md5(n)::uuid, NULL, id, now(), NULL, 1)
		FROM (VALUES ('gone', md5('no such command')::uuid), ('none', '00000000-0000-0000-0000-000000000000')) AS v(n, id)`)
	tasks, err := c.AllTasks(t.Context())
	if err != nil || len(tasks) != 2 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	for _, task := range tasks {
		if err := task.Command.Opaque(); !errors.Is(err, coordinator.ErrNotFound) || !errors.Is(err, coordinator.ErrOpaque) {
			t.Errorf("task %s: %v", task.ID, err)
		}
		if task.Command.Text() != "" || task.Root() != task.Command {
			t.Errorf("task %s has parameters, or a root", task.ID)
		}
		if _, err := c.RemoveTask(t.Context(), task.ID, coordinator.RemoveTaskOptions{Command: true}); err != nil {
			t.Error(err)
		}
	}
	if n := db.tasks(t); n != 0 {
		t.Errorf("%d tasks are left", n)
	}
}

func TestTasksAreNotKeptWhileTheEngineStillPassesCommandsWithThem(t *testing.T) {
	t.Parallel()
	db := engineWith(t, enginedb.Sample())
	config, err := connect.Config(connect.Options{Database: db.URL})
	if err != nil {
		t.Fatal(err)
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	for _, phase := range []upgrade.Phase{upgrade.Switch, upgrade.Contract} {
		if _, err := upgrader.Up(t.Context(), upgrade.UpOptions{To: phase, Force: true}); err != nil {
			t.Fatal(err)
		}
		c := open(t, db.URL, coordinator.Options{})
		cmd := newNote(t, c, "a command without tasks can be kept")
		if err := cmd.Persist(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		stored := db.everything(t)
		for name, err := range map[string]error{
			"save":     c.SaveTask(t.Context(), &coordinator.Task{Command: cmd}),
			"retrieve": second(c.RetrieveTask(t.Context(), uuid.New())),
			"all":      second(c.AllTasks(t.Context())),
			"remove":   second(c.RemoveTask(t.Context(), uuid.New(), coordinator.RemoveTaskOptions{})),
		} {
			early, ok := errors.AsType[*coordinator.NotUpgradedError](err)
			if !ok || !errors.Is(err, coordinator.ErrNotUpgraded) || early.Phase != string(upgrade.Retire) {
				t.Errorf("%s at the end of %s: %v", name, phase, err)
			}
		}
		if db.everything(t) != stored {
			t.Errorf("something was written at the end of %s", phase)
		}
	}
}

func second[T any](_ T, err error) error { return err }
