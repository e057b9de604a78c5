package test

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/ovirt/coco/gen"
)

func (d *daoCalls) commands() {
	d.t.Helper()
	ctx := d.t.Context()
	active, failed := "ACTIVE", "FAILED"
	d.done("insert the root", d.InsertCommandEntity(ctx, gen.InsertCommandEntityParams{
		CommandID: d.root, CommandType: 4, ParentCommandID: null(uuid.Nil), RootCommandID: null(d.root),
		ActionParameters: &d.rootText, ActionParametersClass: &d.class, CreatedAt: &d.at, Status: &active,
	}))
	root := d.command(d.root)
	d.check("the root", gen.CommandEntity{
		CommandID: d.root, CommandType: 4, RootCommandID: null(d.root),
		ActionParameters: &d.rootText, ActionParametersClass: &d.class, CreatedAt: d.when(), Status: &active,
	}, root)

	child := gen.SaveOrUpdateCommandEntityParams{
		CommandID: d.child, CommandType: 0, ParentCommandID: null(d.root), RootCommandID: null(d.root), CreatedAt: &d.at,
	}
	d.done("insert the child", d.SaveOrUpdateCommandEntity(ctx, child))
	later := d.at.Add(time.Hour)
	child.ActionParameters, child.ActionParametersClass, child.CreatedAt = &d.childText, &d.class, &later
	child.CommandType, child.Status = 7, &active
	d.done("update the child", d.SaveOrUpdateCommandEntity(ctx, child))
	want := gen.CommandEntity{
		CommandID: d.child, CommandType: 7, ParentCommandID: null(d.root), RootCommandID: null(d.root),
		ActionParameters: &d.childText, ActionParametersClass: &d.class, CreatedAt: d.when(), Status: &active,
	}
	d.check("the child", want, d.command(d.child))
	hierarchy := must(d.GetCommandEntityHierarchy(ctx, d.child))
	for i := range hierarchy {
		hierarchy[i] = utc(hierarchy[i])
	}
	d.check("the child and what is above it", []gen.CommandEntity{want, root}, hierarchy)
	children := must(d.GetCommandEntitiesByParent(ctx, d.root))
	for i := range children {
		children[i] = utc(children[i])
	}
	d.check("the children", []gen.CommandEntity{want}, children)
	d.check("the number of commands", d.commandsBefore+2, len(must(d.GetAllCommandEntities(ctx))))

	d.childText = "{\"changed\" : true}"
	d.done("update the child", d.UpdateCommandEntity(ctx, gen.UpdateCommandEntityParams{
		CommandID: d.child, CommandType: 8, ParentCommandID: null(d.root), RootCommandID: null(d.root),
		ActionParameters: &d.childText, ActionParametersClass: nil, Status: &failed,
	}))
	got := d.command(d.child)
	if got.FinishedAt == nil {
		d.t.Error("a command that failed has no time of its end")
	}
	got.FinishedAt = nil
	want.CommandType, want.ActionParameters, want.ActionParametersClass, want.Status = 8, &d.childText, nil, &failed
	d.check("the updated child", want, got)

	for _, status := range []string{"SUCCEEDED", "ACTIVE"} {
		d.done("update the status", d.UpdateCommandEntityStatus(ctx, gen.UpdateCommandEntityStatusParams{CommandID: d.root, Status: status}))
		got := d.command(d.root)
		d.check("the status", status, *got.Status)
		d.check("that "+status+" has ended", status != "ACTIVE", got.FinishedAt != nil)
	}
	d.refused("insert a command twice", "23505", func(q *gen.Queries) error {
		return q.InsertCommandEntity(ctx, gen.InsertCommandEntityParams{CommandID: d.root})
	})
}

func (d *daoCalls) command(id uuid.UUID) gen.CommandEntity {
	d.t.Helper()
	command, err := d.GetCommandEntity(d.t.Context(), id)
	d.done("get a command", err)
	return utc(command)
}

// utc makes times comparable.
func utc(command gen.CommandEntity) gen.CommandEntity {
	command.CreatedAt.Time = command.CreatedAt.Time.UTC()
	if command.FinishedAt != nil {
		in := command.FinishedAt.UTC()
		command.FinishedAt = &in
	}
	return command
}

// when is the time of all tasks and commands that are inserted.
func (d *daoCalls) when() pgtype.Timestamptz { return pgtype.Timestamptz{Time: d.at, Valid: true} }

func (d *daoCalls) tasks() {
	d.t.Helper()
	ctx := d.t.Context()
	step := uuid.NewSHA1(d.task, []byte("step"))
	d.done("insert a task", d.InsertAsyncTask(ctx, gen.InsertAsyncTaskParams{
		ActionType: 4, Result: 1, Status: 2, VdsmTaskID: null(uuid.Nil), TaskID: d.task, StepID: null(step), CommandID: d.child,
		StartedAt: &d.at, StoragePoolID: null(d.pool), TaskType: 11,
	}))
	want := gen.TaskWithCommand{
		TaskID: d.task, ActionType: 4, Status: 2, Result: 1, ActionParameters: &d.rootText, ActionParamsClass: &d.class,
		StepID: null(step), CommandID: d.child, StartedAt: d.when(), StoragePoolID: null(d.pool), TaskType: 11,
		TaskParameters: &d.childText, VdsmTaskID: null(uuid.Nil), RootCommandID: null(d.root),
	}
	d.check("the task with its command's values", want, d.taskOf(d.task))

	d.done("update the task", d.UpdateAsyncTask(ctx, gen.UpdateAsyncTaskParams{
		ActionType: 5, Result: 3, Status: 4, VdsmTaskID: null(d.vdsm), TaskID: d.task, CommandID: d.child, StoragePoolID: null(d.pool),
	}))
	want.ActionType, want.Result, want.Status, want.VdsmTaskID, want.StepID = 5, 3, 4, null(d.vdsm), uuid.NullUUID{}
	d.check("the updated task", want, d.taskOf(d.task))

	later := d.at.Add(time.Hour)
	upsert := gen.InsertOrUpdateAsyncTaskParams{
		ActionType: 4, Result: 0, Status: 3, VdsmTaskID: null(d.vdsm), TaskID: d.task, StepID: null(step), CommandID: d.child,
		StartedAt: &later, StoragePoolID: null(d.pool), TaskType: 1,
	}
	d.done("upsert the task", d.InsertOrUpdateAsyncTask(ctx, upsert))
	want.ActionType, want.Result, want.Status, want.StepID = 4, 0, 3, null(step) // started_at and task_type are set once
	d.check("the task upserted", want, d.taskOf(d.task))

	upsert.TaskID, upsert.CommandID, upsert.StartedAt = uuid.NewSHA1(d.task, []byte("of the root")), d.root, &d.at
	d.done("upsert a second task", d.InsertOrUpdateAsyncTask(ctx, upsert))
	second := d.taskOf(upsert.TaskID)
	d.check("the root's own parameters", d.rootText, *second.TaskParameters)
	d.check("the root of the root's task", null(d.root), second.RootCommandID)

	both := sorted([]uuid.UUID{d.task, upsert.TaskID})
	var byVdsm []uuid.UUID
	for _, task := range must(d.GetAsyncTasksByVdsmTaskID(ctx, d.vdsm)) {
		byVdsm = append(byVdsm, task.TaskID)
	}
	d.check("tasks by their id on the host", both, sorted(byVdsm))
	d.check("tasks of the storage pool", both, sorted(must(d.GetAsyncTaskIDsByStoragePoolID(ctx, d.pool))))
	for _, summary := range must(d.GetAsyncTaskSummary(ctx)) {
		if summary.DcID == null(d.pool) {
			d.check("tasks that mention the storage pool", int32(2), summary.TaskCount)
			return
		}
	}
	d.t.Error("the summary does not have the storage pool")
}

func (d *daoCalls) taskOf(id uuid.UUID) gen.TaskWithCommand {
	d.t.Helper()
	task, err := d.GetAsyncTask(d.t.Context(), id)
	d.done("get a task", err)
	task.StartedAt.Time = task.StartedAt.Time.UTC()
	return task
}

func (d *daoCalls) links() {
	d.t.Helper()
	ctx, kind := d.t.Context(), "VM"
	for range 2 { // the second does nothing
		d.done("link the task", d.InsertAsyncTaskEntity(ctx, gen.InsertAsyncTaskEntityParams{
			TaskID: d.task, EntityID: d.entity, EntityType: &kind,
		}))
	}
	d.check("links of the task", []gen.AsyncTasksEntity{{AsyncTaskID: d.task, EntityID: d.entity, EntityType: &kind}},
		must(d.GetAsyncTaskEntities(ctx, d.task)))
	d.check("ids of the entity's tasks", []uuid.UUID{d.task}, must(d.GetAsyncTaskIDsByEntityID(ctx, d.entity)))
	tasks := must(d.GetAsyncTasksByEntityID(ctx, d.entity))
	d.check("the number of the entity's tasks", 1, len(tasks))
	d.check("the entity's task's parameters", d.childText, *tasks[0].TaskParameters)
}

func (d *daoCalls) deletes() {
	d.t.Helper()
	ctx := d.t.Context()
	d.refused("delete a command whose child a task needs", "23503", func(q *gen.Queries) error {
		_, err := q.RemoveCommandEntity(ctx, d.root)
		return err
	})
	future := time.Now().Add(time.Hour)
	for _, id := range []uuid.UUID{d.root, d.child} {
		d.done("finish", d.UpdateCommandEntityStatus(ctx, gen.UpdateCommandEntityStatusParams{CommandID: id, Status: "SUCCEEDED"}))
	}
	d.check("commands cleaned up that tasks need", int32(0), must(d.RemoveAllCommandEntitiesBeforeDate(ctx, future)))

	d.check("tasks deleted", int32(1), must(d.DeleteAsyncTask(ctx, d.task)))
	d.check("tasks deleted again", int32(0), must(d.DeleteAsyncTask(ctx, d.task)))
	if _, err := d.GetAsyncTask(ctx, d.task); !errors.Is(err, pgx.ErrNoRows) {
		d.t.Errorf("the deleted task: %v", err)
	}
	d.check("links of the deleted task", 0, len(must(d.GetAsyncTaskEntities(ctx, d.task))))
	d.check("tasks deleted by their id on the host", int32(1), must(d.DeleteAsyncTasksByVdsmTaskID(ctx, d.vdsm)))
	d.check("commands without a task", d.commandsBefore+2, len(must(d.GetAllCommandEntities(ctx))))

	d.check("commands cleaned up too early", int32(0), must(d.RemoveAllCommandEntitiesBeforeDate(ctx, d.at)))
	d.check("commands cleaned up", int32(2), must(d.RemoveAllCommandEntitiesBeforeDate(ctx, future)))
	for _, parent := range []uuid.UUID{uuid.Nil, d.root} {
		id := d.root
		if parent == d.root {
			id = d.child
		}
		d.done("insert a command", d.InsertCommandEntity(ctx, gen.InsertCommandEntityParams{CommandID: id, ParentCommandID: null(parent)}))
	}
	d.check("commands deleted", int32(1), must(d.RemoveCommandEntity(ctx, d.root)))
	if _, err := d.GetCommandEntity(ctx, d.child); !errors.Is(err, pgx.ErrNoRows) {
		d.t.Errorf("the child of the deleted command: %v", err)
	}
	d.check("commands deleted again", int32(0), must(d.RemoveCommandEntity(ctx, d.root)))
}

// exports takes one command in, twice, under a parent that comes behind it.
func (d *daoCalls) exports() {
	d.t.Helper()
	ctx := d.t.Context()
	child, parent := uuid.NewSHA1(d.root, []byte("exported child")), uuid.NewSHA1(d.root, []byte("exported parent"))
	const line = `{"command_id": "%s", "command_type": 7, "parent_command_id": "%s", "status": "FAILED", "finished_at": "infinity"}`
	lines := []string{fmt.Sprintf(line, child, parent), fmt.Sprintf(line, parent, parent)}
	for _, outcome := range []string{"loaded", "there"} {
		d.done("stage", d.StageCommands(ctx, gen.StageCommandsParams{FirstLine: 1, Lines: lines}))
		d.check("what became of the lines", []gen.LoadedCommand{
			{Line: 1, Outcome: outcome, CommandID: child}, {Line: 2, Outcome: outcome, CommandID: parent},
		}, must(d.LoadCommands(ctx, false)))
	}
	d.refused("stage what is no command", "CO006", func(q *gen.Queries) error {
		return q.StageCommands(ctx, gen.StageCommandsParams{FirstLine: 1, Lines: []string{"{}"}})
	})
	d.check("commands deleted", int32(1), must(d.RemoveCommandEntity(ctx, parent)))
}
