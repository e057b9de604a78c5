package coordinator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// SaveTask stores a task together with its command, that command's parent and all above, in one transaction and one round trip: a new
// task, or one that is there. A placeholder is saved before its task is submitted to the host, and saved again with what the host said.
//
// Commands that are new, or whose parameters were set, are stored as PersistCommand does. The others stay as they are; they must be
// there. The task's own command must be this instance's and not have finished. A task that was in flight before the upgrade has a
// command that the engine has written, which belongs to nobody: Adopt it first.
//
// A task keeps the command it was stored with, its StartedAt, and its Type once that is not 0. Entities are added, never taken away;
// they go with the task. After the call the Task has what is stored. A call whose answer was lost may be repeated.
//
// The errors are those of PersistCommand, ErrNotFound, ErrOtherCommand, and ErrNotUpgraded before retire. Nothing is written then.
func (c *Coordinator) SaveTask(ctx context.Context, task *Task) error {
	return c.saveTask(ctx, c.pool, task)
}

// SaveTaskTx is SaveTask in the caller's transaction. When that is rolled back, the same task may be saved again.
func (c *Coordinator) SaveTaskTx(ctx context.Context, tx pgx.Tx, task *Task) error {
	return c.saveTask(ctx, tx, task)
}

func (c *Coordinator) saveTask(ctx context.Context, db gen.DBTX, task *Task) error {
	if task == nil || task.Command == nil {
		return errors.New("save task: a task and the command that started it are needed")
	}
	chain := map[uuid.UUID]*Command{}
	var changed []placement
	for cmd := task.Command; cmd != nil && chain[cmd.id] == nil; cmd = cmd.parent {
		chain[cmd.id] = cmd
		if cmd.changed {
			changed = append(changed, placed(cmd)...)
		}
	}
	commands, err := c.persistParams(changed)
	if err != nil {
		return fmt.Errorf("save task: %w", err)
	}
	if task.ID == uuid.Nil {
		task.ID = uuid.New()
	}
	return c.write(ctx, "save task", len(changed), func() error {
		rows, err := gen.New(db).SaveTask(ctx, saveTaskParams(task, commands))
		if err != nil {
			return err
		}
		for _, row := range rows {
			task.ActionType, task.Type, task.StartedAt = row.ActionType, row.TaskType, row.StartedAt.Time
			if cmd := chain[row.CommandID]; cmd.changed {
				cmd.stored(head(taskCommand(row)))
				cmd.changed = db != c.pool // a transaction may be rolled back
			}
		}
		return nil
	})
}

func saveTaskParams(task *Task, commands gen.PersistCommandsParams) gen.SaveTaskParams {
	params := gen.SaveTaskParams{
		InstanceID: commands.InstanceID, TaskID: task.ID, ActionType: task.ActionType, Status: int32(task.Status), Result: int32(task.Result),
		VdsmTaskID: task.VdsmTaskID, StepID: task.StepID, CommandID: task.Command.id, StoragePoolID: task.StoragePoolID, TaskType: task.Type,
		CommandIds: commands.CommandIds, CommandTypes: commands.CommandTypes, ParentIds: commands.ParentIds,
		Parameters: commands.Parameters, Classes: commands.Classes, Statuses: commands.Statuses, Nulls: commands.Nulls,
		StartedAt: timeOrNull(task.StartedAt),
	}
	for _, entity := range task.Entities {
		params.EntityIds = append(params.EntityIds, entity.ID)
		params.EntityTypes = append(params.EntityTypes, entity.Type)
	}
	return params
}

func timeOrNull(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
