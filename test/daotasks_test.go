package test

import (
	"github.com/google/uuid"

	"github.com/ovirt/coco/gen"
)

// tasksWithCommands lets an instance save a task with its command and that command's parent, in one call, and remove all of it.
func (d *daoCalls) tasksWithCommands() {
	d.t.Helper()
	ctx := d.t.Context()
	id := func(name string) uuid.UUID { return uuid.NewSHA1(d.root, []byte(name)) }
	instance, parent, child, task, vdsm := id("task's instance"), id("task's parent"), id("task's child"), id("kept task"), id("host's task")
	must(d.RegisterInstance(ctx, gen.RegisterInstanceParams{InstanceID: instance, Name: "a test", LeaseMs: 60_000}))

	save := gen.SaveTaskParams{
		InstanceID: instance, TaskID: task, Status: 2, CommandID: child, StartedAt: &d.at,
		EntityIds: []uuid.UUID{d.entity, d.entity}, EntityTypes: []string{"VM", "VM"},
		CommandIds: []uuid.UUID{child, parent}, CommandTypes: []int32{7, 4}, ParentIds: []uuid.UUID{parent, uuid.Nil},
		Parameters: []string{d.childText, d.rootText}, Classes: []string{d.class, d.class}, Statuses: []string{"ACTIVE", "ACTIVE"},
		Nulls: []int32{0, 0},
	}
	for _, row := range must(d.SaveTask(ctx, save)) {
		d.check("the type of the task's parent command", int32(4), row.ActionType)
		d.check("the owner of the task's commands", null(instance), row.OwnerID)
	}
	submitted := gen.SaveTaskParams{
		InstanceID: instance, TaskID: task, Status: 2, CommandID: child, TaskType: 11, VdsmTaskID: vdsm, StoragePoolID: d.pool,
	}
	d.check("rows of the task saved again", 1, len(must(d.SaveTask(ctx, submitted))))

	for what, selector := range map[string]gen.TasksWithCommandsParams{
		"by its id": {TaskID: null(task)}, "of the entity": {EntityID: null(d.entity)}, "of the host's task": {VdsmTaskID: null(vdsm)},
		"of the storage pool": {StoragePoolID: null(d.pool)},
	} {
		rows := must(d.TasksWithCommands(ctx, selector))
		if len(rows) != 2 {
			d.t.Fatalf("%d rows of the task %s, want 2", len(rows), what)
		}
		own, acting := rows[0], rows[1]
		d.check("the task "+what, gen.TaskCommand{
			TaskID: task, ActionType: 4, Status: 2, StartedAt: d.when(), StoragePoolID: null(d.pool), TaskType: 11, VdsmTaskID: null(vdsm),
			EntityIds: []uuid.UUID{d.entity}, EntityTypes: []string{"VM"},
			CommandID: child, CommandType: own.CommandType, ParentCommandID: null(parent), RootCommandID: null(parent),
			ActionParameters: &d.childText, ActionParametersClass: &d.class, CreatedAt: own.CreatedAt, CommandStatus: own.CommandStatus,
			OwnerID: null(instance), TakenAt: own.TakenAt, Recoveries: own.Recoveries,
		}, taskInUTC(own))
		d.check("its parent", parent, acting.CommandID)
		d.check("its parent's parameters", d.rootText, *acting.ActionParameters)
	}
	d.refused("give the task another command", "CO019", func(q *gen.Queries) error {
		save := submitted
		save.CommandID = parent
		_, err := q.SaveTask(ctx, save)
		return err
	})

	remove := gen.RemoveTasksParams{InstanceID: instance, TaskID: null(task), Commands: true}
	d.check("the task and its command removed, the unfinished parent kept",
		[]gen.RemovedTask{{TaskID: null(task)}, {CommandID: null(child)}}, must(d.RemoveTasks(ctx, remove)))
	d.refused("remove it again", "CO012", func(q *gen.Queries) error {
		_, err := q.RemoveTasks(ctx, remove)
		return err
	})
	d.check("commands deleted", int32(1), must(d.RemoveCommandEntity(ctx, parent)))
}

func taskInUTC(row gen.TaskCommand) gen.TaskCommand {
	row.StartedAt.Time = row.StartedAt.Time.UTC()
	return row
}
