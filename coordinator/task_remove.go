package coordinator

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// RemoveTaskOptions say what goes with a task.
type RemoveTaskOptions struct {
	// Command removes the task's command too, whether it has finished or not, and what is above it and has finished; each only if
	// nothing needs it any more: no other task names it, and no command is below it. A parent that has not finished stays.
	Command bool
}

// RemovedTasks says what has gone.
type RemovedTasks struct {
	Tasks    []uuid.UUID
	Commands []uuid.UUID
}

// RemoveTask removes a task with its links to entities. Its command must be this instance's, unless it has finished or is not stored any
// more; one that the engine has written must be adopted first. The errors are ErrNotFound, ErrLostOwnership, and ErrNotUpgraded before
// retire. Nothing is removed then.
func (c *Coordinator) RemoveTask(ctx context.Context, id uuid.UUID, options RemoveTaskOptions) (RemovedTasks, error) {
	return c.removeTasks(ctx, c.pool, gen.RemoveTasksParams{TaskID: valid(id), Commands: options.Command})
}

// RemoveTaskTx is RemoveTask in the caller's transaction.
func (c *Coordinator) RemoveTaskTx(ctx context.Context, tx pgx.Tx, id uuid.UUID, options RemoveTaskOptions) (RemovedTasks, error) {
	return c.removeTasks(ctx, tx, gen.RemoveTasksParams{TaskID: valid(id), Commands: options.Command})
}

// RemoveTasksByVdsmTask removes the tasks with this id on the host, all of them or none, each as RemoveTask does. That there are none
// is no error.
func (c *Coordinator) RemoveTasksByVdsmTask(ctx context.Context, id uuid.UUID, options RemoveTaskOptions) (RemovedTasks, error) {
	return c.removeTasks(ctx, c.pool, gen.RemoveTasksParams{VdsmTaskID: valid(id), Commands: options.Command})
}

// RemoveTasksByVdsmTaskTx is RemoveTasksByVdsmTask in the caller's transaction.
func (c *Coordinator) RemoveTasksByVdsmTaskTx(ctx context.Context, tx pgx.Tx, id uuid.UUID, options RemoveTaskOptions) (RemovedTasks, error) {
	return c.removeTasks(ctx, tx, gen.RemoveTasksParams{VdsmTaskID: valid(id), Commands: options.Command})
}

func (c *Coordinator) removeTasks(ctx context.Context, db gen.DBTX, params gen.RemoveTasksParams) (removed RemovedTasks, err error) {
	if params.VdsmTaskID == valid(uuid.Nil) {
		return removed, errors.New("remove task: the zero id is that of all placeholders, remove each by its own id")
	}
	params.InstanceID = c.id
	var rows []gen.RemovedTask
	err = c.write(ctx, "remove task", 0, func() error {
		rows, err = gen.New(db).RemoveTasks(ctx, params)
		return err
	})
	if err != nil {
		return removed, err
	}
	for _, row := range rows {
		if row.TaskID.Valid {
			removed.Tasks = append(removed.Tasks, row.TaskID.UUID)
		} else {
			removed.Commands = append(removed.Commands, row.CommandID.UUID)
		}
	}
	return removed, nil
}
