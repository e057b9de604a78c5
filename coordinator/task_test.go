package coordinator_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
)

// family is a root without a task of its own, a parent and a command below it.
type family struct{ root, parent, child *coordinator.Command }

func newFamily(t *testing.T, c *coordinator.Coordinator) family {
	t.Helper()
	f := family{root: newNote(t, c, "root")}
	f.parent = newBelow(t, c, 11, "parent", f.root)
	f.child = newBelow(t, c, 12, "child", f.parent)
	return f
}

func newBelow(t *testing.T, c *coordinator.Coordinator, kind int32, class string, parent *coordinator.Command) *coordinator.Command {
	t.Helper()
	cmd, err := c.NewCommand(coordinator.NewCommandOptions{Type: kind, Class: class, Parent: parent})
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

func saveTask(t *testing.T, c *coordinator.Coordinator, task *coordinator.Task) *coordinator.Task {
	t.Helper()
	if err := c.SaveTask(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	return task
}

func retrieveTask(t *testing.T, c *coordinator.Coordinator, id uuid.UUID) *coordinator.Task {
	t.Helper()
	task, err := c.RetrieveTask(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func (db *database) tasks(t *testing.T) int {
	t.Helper()
	return ask[int](t, db, "SELECT count(*) FROM async_tasks")
}

// everything is what is stored about commands and tasks, as one text.
func (db *database) everything(t *testing.T) string {
	t.Helper()
	return ask[string](t, db, `SELECT concat(
		(SELECT string_agg(e::text, ';' ORDER BY e.command_id) FROM command_entities e),
		(SELECT string_agg(o::text, ';' ORDER BY o.command_id) FROM coco.command_owner o),
		(SELECT string_agg(t::text, ';' ORDER BY t.task_id) FROM async_tasks t),
		(SELECT string_agg(l::text, ';' ORDER BY l.async_task_id, l.entity_id) FROM async_tasks_entities l))`)
}

func TestATaskLivesFromItsPlaceholderToItsRemovalWithItsCommands(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	f := newFamily(t, c)
	vm, disk := coordinator.TaskEntity{ID: uuid.New(), Type: "VM"}, coordinator.TaskEntity{ID: uuid.New()}
	pool, vdsm, step := uuid.New(), uuid.New(), uuid.New()

	task := saveTask(t, c, &coordinator.Task{Command: f.child, Status: coordinator.TaskInit, Entities: []coordinator.TaskEntity{vm}})
	if task.ID == uuid.Nil || task.StartedAt.IsZero() || task.ActionType != 11 {
		t.Errorf("the placeholder as it was stored: %+v", task)
	}
	if task.Root() != f.parent || f.root.CreatedAt().IsZero() || f.child.RootID() != f.root.ID() || f.parent.Owner() != c.ID() {
		t.Error("the commands do not know that they are stored")
	}
	placeholder := ask[bool](t, db, `SELECT vdsm_task_id = storage_pool_id AND vdsm_task_id = '00000000-0000-0000-0000-000000000000'
		AND step_id IS NULL FROM async_tasks`)
	if !placeholder {
		t.Error("the placeholder is not written as the engine writes one")
	}

	started := task.StartedAt
	submitted := *task
	submitted.VdsmTaskID, submitted.StoragePoolID, submitted.StepID, submitted.Type = vdsm, pool, step, 11
	submitted.Status, submitted.Entities = coordinator.TaskRunning, []coordinator.TaskEntity{vm, disk}
	saveTask(t, c, &submitted)
	submitted.Status, submitted.Result, submitted.Type = coordinator.TaskFinished, coordinator.TaskFailure, 0
	saveTask(t, c, &submitted)

	got := retrieveTask(t, c, task.ID)
	want := submitted
	want.Command, got.Command = nil, nil
	slices.SortFunc(want.Entities, byType)
	slices.SortFunc(got.Entities, byType)
	if !slices.Equal(got.Entities, want.Entities) || got.Type != 11 || !got.StartedAt.Equal(started) || got.Status != want.Status ||
		got.Result != want.Result || got.VdsmTaskID != vdsm || got.StoragePoolID != pool || got.StepID != step || got.ActionType != 11 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}

	for _, status := range []coordinator.Status{coordinator.StatusActive, coordinator.StatusFailed} {
		for _, cmd := range []*coordinator.Command{f.parent, f.root} {
			if err := cmd.UpdateStatus(t.Context(), status); err != nil {
				t.Fatal(err)
			}
		}
	}
	removed, err := c.RemoveTask(t.Context(), task.ID, coordinator.RemoveTaskOptions{Command: true})
	if err != nil {
		t.Fatal(err)
	}
	gone := []uuid.UUID{f.child.ID(), f.parent.ID(), f.root.ID()}
	if !slices.Equal(removed.Tasks, []uuid.UUID{task.ID}) || !slices.Equal(removed.Commands, gone) {
		t.Errorf("removed %v, want the commands %v", removed, gone)
	}
	if left := db.everything(t); left != "" {
		t.Errorf("left: %s", left)
	}
}

func byType(a, b coordinator.TaskEntity) int { return len(a.Type) - len(b.Type) }

func TestATaskIsRetrievedWithItsCommandAndAllAboveDecoded(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	f := newFamily(t, c)
	id := saveTask(t, c, &coordinator.Task{Command: f.child}).ID
	if n := db.tasks(t); n != 1 || db.commands(t) != 3 {
		t.Fatalf("%d tasks", n)
	}
	task := retrieveTask(t, c, id)
	if task.Command.ID() != f.child.ID() || task.Root().ID() != f.parent.ID() || task.Root() != task.Command.Parent() {
		t.Error("the task has another command, or another root")
	}
	top := task.Command.Root()
	read, err := coordinator.Parameters[note](top)
	if err != nil || read.Text != "root" || top.ID() != f.root.ID() {
		t.Errorf("the top is %v with %+v, %v", top.ID(), read, err)
	}

	alone := saveTask(t, c, &coordinator.Task{Command: newNote(t, c, "alone")})
	got := retrieveTask(t, c, alone.ID)
	if got.Root() != got.Command || got.ActionType != noteType {
		t.Errorf("a command without a parent is its task's root; action type %d", got.ActionType)
	}
}

func TestSeveralTasksHaveOneCommandAndOfItsSiblings(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	f := newFamily(t, c)
	sibling := newBelow(t, c, 13, "sibling", f.parent)
	var ids []uuid.UUID
	for _, cmd := range []*coordinator.Command{f.child, f.child, sibling, f.parent} {
		ids = append(ids, saveTask(t, c, &coordinator.Task{Command: cmd, VdsmTaskID: f.root.ID()}).ID)
	}
	tasks, err := c.TasksByVdsmTask(t.Context(), f.root.ID())
	if err != nil || len(tasks) != len(ids) {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	for i, task := range tasks {
		if task.ID != ids[i] || task.Command.Root().ID() != f.root.ID() {
			t.Errorf("task %d is %s, below %s", i, task.ID, task.Command.Root().ID())
		}
	}
	remove := func(id uuid.UUID) []uuid.UUID {
		t.Helper()
		removed, err := c.RemoveTask(t.Context(), id, coordinator.RemoveTaskOptions{Command: true})
		if err != nil {
			t.Fatal(err)
		}
		return removed.Commands
	}
	for i, want := range [][]uuid.UUID{nil, {f.child.ID()}} { // another task names the command; nobody does
		if got := remove(ids[i]); !slices.Equal(got, want) {
			t.Errorf("with task %d went %v, want %v", i, got, want)
		}
	}
	if got := remove(ids[3]); got != nil { // the sibling hangs below
		t.Errorf("with the parent's task went %v", got)
	}
	if got, want := remove(ids[2]), []uuid.UUID{sibling.ID()}; !slices.Equal(got, want) { // the parent has not finished
		t.Errorf("with the sibling's task went %v, want %v", got, want)
	}
}

// queries counts the statements that are sent.
type queries struct{ atomic.Int64 }

func (q *queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	q.Add(1)
	return ctx
}

func (*queries) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestEachCallForTasksIsOneStatementHoweverManyTasksThereAre(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	sent := &queries{}
	c := openOn(t, newPool(t, db.URL, func(config *pgxpool.Config) { config.ConnConfig.Tracer = sent }), coordinator.Options{})
	f := newFamily(t, c)
	entity, pool := coordinator.TaskEntity{ID: uuid.New(), Type: "Disk"}, uuid.New()
	task := &coordinator.Task{Command: f.child, Entities: []coordinator.TaskEntity{entity}, StoragePoolID: pool, VdsmTaskID: pool}
	ctx := t.Context()
	calls := []struct {
		name string
		call func() (int, error)
	}{
		{"save", func() (int, error) { return 1, c.SaveTask(ctx, task) }},
		{"save again", func() (int, error) { return 1, c.SaveTask(ctx, task) }},
		{"retrieve", func() (int, error) { _, err := c.RetrieveTask(ctx, task.ID); return 1, err }},
		{"by entity", func() (int, error) { found, err := c.TasksByEntity(ctx, entity.ID); return len(found), err }},
		{"by storage pool", func() (int, error) { found, err := c.TasksByStoragePool(ctx, pool); return len(found), err }},
		{"by vdsm task", func() (int, error) { found, err := c.TasksByVdsmTask(ctx, pool); return len(found), err }},
		{"all", func() (int, error) { found, err := c.AllTasks(ctx); return len(found), err }},
		{"remove", func() (int, error) {
			_, err := c.RemoveTask(ctx, task.ID, coordinator.RemoveTaskOptions{Command: true})
			return 1, err
		}},
	}
	for _, call := range calls {
		before := sent.Load()
		if _, err := call.call(); err != nil {
			t.Fatalf("%s: %v", call.name, err)
		}
		if got := sent.Load() - before; got > 1 { // a heartbeat has a connection of its own, and long to go
			t.Errorf("%s: %d statements", call.name, got)
		}
	}
	for range 20 {
		more := *task
		more.ID, more.Command = uuid.Nil, newBelow(t, c, 12, "child", f.parent)
		saveTask(t, c, &more)
	}
	for _, call := range calls[3:7] {
		before := sent.Load()
		if found, err := call.call(); err != nil || found != 20 || sent.Load()-before != 1 {
			t.Errorf("%s: %d tasks with %d statements, %v", call.name, found, sent.Load()-before, err)
		}
	}
}

func TestWhatATaskMustNotBeIsRefusedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	f := newFamily(t, c)
	task := saveTask(t, c, &coordinator.Task{Command: f.child})
	finished := store(t, c, "finished", nil)
	for _, status := range []coordinator.Status{coordinator.StatusActive, coordinator.StatusSucceeded} {
		if err := finished.UpdateStatus(t.Context(), status); err != nil {
			t.Fatal(err)
		}
	}
	orphan := newBelow(t, c, 12, "child", nil)
	if err := orphan.Persist(t.Context(), f.parent); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RemoveCommand(t.Context(), orphan.ID(), coordinator.RemoveOptions{}); err != nil {
		t.Fatal(err)
	}
	before := db.everything(t)
	for name, refused := range map[string]struct {
		call func() error
		want error
	}{
		"no task":                {func() error { return c.SaveTask(t.Context(), nil) }, nil},
		"no command":             {func() error { return c.SaveTask(t.Context(), &coordinator.Task{}) }, nil},
		"another command":        {func() error { return c.SaveTask(t.Context(), &coordinator.Task{ID: task.ID, Command: f.root}) }, coordinator.ErrOtherCommand},
		"a command that is gone": {func() error { return c.SaveTask(t.Context(), &coordinator.Task{Command: orphan}) }, coordinator.ErrNotFound},
		"a finished command":     {func() error { return c.SaveTask(t.Context(), &coordinator.Task{Command: finished}) }, coordinator.ErrTransition},
		"a child of a finished one": {func() error {
			return c.SaveTask(t.Context(), &coordinator.Task{Command: newBelow(t, c, 1, "", finished)})
		}, coordinator.ErrTransition},
		"a task that is not there": {func() error {
			_, err := c.RetrieveTask(t.Context(), uuid.New())
			return err
		}, coordinator.ErrNotFound},
		"removing what is not there": {func() error {
			_, err := c.RemoveTask(t.Context(), uuid.New(), coordinator.RemoveTaskOptions{Command: true})
			return err
		}, coordinator.ErrNotFound},
		"removing all placeholders": {func() error {
			_, err := c.RemoveTasksByVdsmTask(t.Context(), uuid.Nil, coordinator.RemoveTaskOptions{Command: true})
			return err
		}, nil},
	} {
		err := refused.call()
		if err == nil || (refused.want != nil && !errors.Is(err, refused.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if db.everything(t) != before {
		t.Error("something was written")
	}
	if missing, ok := errors.AsType[*coordinator.TaskNotFoundError](func() error {
		_, err := c.RemoveTask(t.Context(), task.Command.ID(), coordinator.RemoveTaskOptions{})
		return err
	}()); !ok || missing.TaskID != task.Command.ID() {
		t.Errorf("not found: %+v", missing)
	}
}

func TestTasksOfAFinishedCommandMayBeRemovedByAnybody(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c, other := open(t, db.URL, coordinator.Options{}), open(t, db.URL, coordinator.Options{})
	cmd, vdsm := newNote(t, c, "to finish"), uuid.New()
	for range 2 {
		saveTask(t, c, &coordinator.Task{Command: cmd, VdsmTaskID: vdsm})
	}
	for _, status := range []coordinator.Status{coordinator.StatusActive, coordinator.StatusSucceeded} {
		if err := cmd.UpdateStatus(t.Context(), status); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := other.RemoveTasksByVdsmTask(t.Context(), vdsm, coordinator.RemoveTaskOptions{Command: true})
	if err != nil || len(removed.Tasks) != 2 || !slices.Equal(removed.Commands, []uuid.UUID{cmd.ID()}) {
		t.Errorf("removed %+v, %v", removed, err)
	}
	removed, err = other.RemoveTasksByVdsmTask(t.Context(), vdsm, coordinator.RemoveTaskOptions{})
	if err != nil || removed.Tasks != nil {
		t.Errorf("removed again %+v, %v", removed, err)
	}
}

func TestARootThatATaskFromBeforeNamesInTheArchiveStays(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	c := open(t, db.URL, coordinator.Options{})
	kept := store(t, c, "root of a task from before", nil)
	task := saveTask(t, c, &coordinator.Task{Command: kept})
	db.exec(t, `SELECT insertasync_tasks(1, 0, 2, NULL, md5('t')::uuid, NULL, md5('c')::uuid, now(), NULL, 1)`)
	db.exec(t, `INSERT INTO coco.archive (task_id, keeps_root, root_command_id, keeps_action, keeps_task)
		VALUES (md5('t')::uuid, true, $1, false, false)`, kept.ID())
	removed, err := c.RemoveTask(t.Context(), task.ID, coordinator.RemoveTaskOptions{Command: true})
	if err != nil || removed.Commands != nil {
		t.Errorf("removed %+v, %v", removed, err)
	}
}
