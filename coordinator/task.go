package coordinator

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ovirt/coco/gen"
)

// Task is an asynchronous task of a storage host (VDSM), started by a command. A command may have several, and a parent command may
// have none of its own. A Task is a picture, as a Command is, and must not be used by several goroutines at once.
type Task struct {
	// ID is the task's id in the database. uuid.Nil: SaveTask gives it a new one.
	ID uuid.UUID
	// Command is the command that started the task.
	Command *Command
	// ActionType is the type of the command whose end-action runs when the task ends, see Root. 0: SaveTask takes it from there.
	ActionType int32
	// Status and Result are what the host said last.
	Status TaskStatus
	Result TaskResult
	// VdsmTaskID is the task's id on the host. uuid.Nil, with no storage pool: a placeholder, the task is not submitted yet.
	VdsmTaskID uuid.UUID
	// StoragePoolID is the storage pool whose host runs the task, uuid.Nil for none.
	StoragePoolID uuid.UUID
	// StepID is the step of a job that the task belongs to, uuid.Nil for none.
	StepID uuid.UUID
	// Type is the number of the engine's AsyncTaskType, 0 for unknown. Once it is known it stays.
	Type int32
	// StartedAt is set once. The zero time: SaveTask takes the database's time.
	StartedAt time.Time
	// Entities are what the task locks.
	Entities []TaskEntity

	root *Command // where it is neither the command nor its parent
}

// TaskEntity is something that a task works on, a VM or a disk.
type TaskEntity struct {
	ID uuid.UUID
	// Type is the engine's name for its kind, such as VM; empty for none.
	Type string
}

// Root is the command whose end-action runs when the task ends, the task's root_command_id: the parent of its command, or the command
// itself when that has no parent. A task from before the upgrade may have other parameters for the two of them even where they are
// one command: then Root is another Command with the same id.
func (t *Task) Root() *Command {
	if t.root != nil || t.Command == nil {
		return t.root
	}
	if t.Command.parent != nil {
		return t.Command.parent
	}
	return t.Command
}

// RetrieveTask returns a task with its command and all above it, in one round trip.
//
// The command and its parent have the very text and class that this task has. Where tasks of one command were in flight before the
// upgrade, another one may have others, and so may the command itself when it is retrieved alone; they belong to this task until
// somebody stores the command with new parameters, which from then on are those of all its tasks. Where it named another root than the
// command has, Parent is that root, and ParentID is as the command is stored.
//
// Nothing that is wrong with a command is an error. What cannot be decoded is opaque. What is not stored any more is opaque too,
// with ErrNotFound as the reason, and has the text that the task has. The error is ErrNotFound when there is no such task, and
// ErrNotUpgraded before retire.
func (c *Coordinator) RetrieveTask(ctx context.Context, id uuid.UUID) (*Task, error) {
	tasks, err := c.tasks(ctx, "retrieve task", gen.TasksWithCommandsParams{TaskID: valid(id)})
	if err != nil {
		return nil, err
	}
	if len(tasks) == 0 {
		return nil, fmt.Errorf("retrieve task: %w", &TaskNotFoundError{TaskID: id})
	}
	return tasks[0], nil
}

// TasksByEntity returns the tasks that lock an entity, the oldest first, each as RetrieveTask does, all in one round trip.
func (c *Coordinator) TasksByEntity(ctx context.Context, id uuid.UUID) ([]*Task, error) {
	return c.tasks(ctx, "tasks by entity", gen.TasksWithCommandsParams{EntityID: valid(id)})
}

// TasksByStoragePool returns the tasks of a storage pool as TasksByEntity does. Those of uuid.Nil are the placeholders.
func (c *Coordinator) TasksByStoragePool(ctx context.Context, id uuid.UUID) ([]*Task, error) {
	return c.tasks(ctx, "tasks by storage pool", gen.TasksWithCommandsParams{StoragePoolID: valid(id)})
}

// TasksByVdsmTask returns the tasks with this id on the host, usually one, as TasksByEntity does.
func (c *Coordinator) TasksByVdsmTask(ctx context.Context, id uuid.UUID) ([]*Task, error) {
	return c.tasks(ctx, "tasks by vdsm task", gen.TasksWithCommandsParams{VdsmTaskID: valid(id)})
}

// AllTasks returns all tasks there are as TasksByEntity does.
func (c *Coordinator) AllTasks(ctx context.Context) ([]*Task, error) {
	return c.tasks(ctx, "all tasks", gen.TasksWithCommandsParams{})
}

func (c *Coordinator) tasks(ctx context.Context, operation string, selector gen.TasksWithCommandsParams) (tasks []*Task, err error) {
	err = c.call(ctx, operation, 0, func() error {
		rows, err := gen.New(c.pool).TasksWithCommands(ctx, selector)
		tasks = c.readTasks(rows)
		return err
	})
	return tasks, err
}

// readTasks makes tasks of rows. A task's rows follow one another, from its command upwards.
func (c *Coordinator) readTasks(rows []gen.TaskCommand) []*Task {
	var tasks []*Task
	var task *Task
	var top *Command
	for _, row := range rows {
		cmd := c.readTaskCommand(row)
		switch {
		case row.Depth == 0:
			task = readTask(row)
			task.Command = cmd
			tasks = append(tasks, task)
		case cmd.id == task.Command.id:
			task.root = cmd
		default:
			top.parent = cmd
		}
		top = cmd
	}
	return tasks
}

func readTask(row gen.TaskCommand) *Task {
	task := &Task{
		ID: row.TaskID, ActionType: row.ActionType, Status: TaskStatus(row.Status), Result: TaskResult(row.Result),
		VdsmTaskID: row.VdsmTaskID.UUID, StoragePoolID: row.StoragePoolID.UUID, StepID: row.StepID.UUID,
		Type: row.TaskType, StartedAt: row.StartedAt.Time,
	}
	for i, id := range row.EntityIds {
		task.Entities = append(task.Entities, TaskEntity{ID: id, Type: row.EntityTypes[i]})
	}
	return task
}

// readTaskCommand makes the command of a row, with the task's text.
func (c *Coordinator) readTaskCommand(row gen.TaskCommand) *Command {
	cmd := c.read(taskCommand(row))
	if row.CommandType == nil {
		cmd.value = nil
		cmd.opaque = &OpaqueError{Key: cmd.key(), Reason: "the command is not stored", cause: &NotFoundError{CommandID: cmd.id}}
	}
	return cmd
}

// taskCommand is what a row says about its command.
func taskCommand(row gen.TaskCommand) gen.Command {
	return gen.Command{
		CommandID: row.CommandID, CommandType: value(row.CommandType), ParentCommandID: row.ParentCommandID,
		RootCommandID: row.RootCommandID, ActionParameters: row.ActionParameters, ActionParametersClass: row.ActionParametersClass,
		CreatedAt: row.CreatedAt, Status: row.CommandStatus, FinishedAt: row.FinishedAt,
		OwnerID: row.OwnerID, TakenAt: row.TakenAt, Recoveries: row.Recoveries, HeldAt: row.HeldAt,
	}
}

func valid(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: true} }
