package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/internal/upgraded"
)

// opened is a pool and a coordinator on the database that DATABASE_URL names.
func opened(ctx context.Context) (pool *pgxpool.Pool, c *coordinator.Coordinator, done func()) {
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		panic(err)
	}
	c, err = coordinator.Open(ctx, pool, coordinator.Options{Name: "an example"})
	if err != nil {
		panic(err)
	}
	return pool, c, func() {
		if err := c.Close(ctx); err != nil {
			panic(err)
		}
		pool.Close()
	}
}

// savedTask stores a task that copies a disk, of a new command.
func savedTask(ctx context.Context, c *coordinator.Coordinator) *coordinator.Task {
	cmd, err := c.NewCommand(coordinator.NewCommandOptions{Type: 208})
	if err != nil {
		panic(err)
	}
	task := &coordinator.Task{
		Command: cmd, Status: coordinator.TaskRunning, Type: 11, VdsmTaskID: uuid.New(), StoragePoolID: uuid.New(),
		Entities: []coordinator.TaskEntity{{ID: uuid.New(), Type: "Disk"}},
	}
	if err := c.SaveTask(ctx, task); err != nil {
		panic(err)
	}
	return task
}

func ExampleCoordinator_SaveTask() {
	defer upgraded.Example()()

	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	engine, err := coordinator.Open(ctx, pool, coordinator.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(ctx)

	// A command that has a task, and the command above it, which has none.
	parent, err := engine.NewCommand(coordinator.NewCommandOptions{Type: 206})
	if err != nil {
		fmt.Println(err)
		return
	}
	child, err := engine.NewCommand(coordinator.NewCommandOptions{Type: 208, Parent: parent})
	if err != nil {
		fmt.Println(err)
		return
	}
	disk := coordinator.TaskEntity{ID: uuid.New(), Type: "Disk"}

	// A placeholder, before the host knows of the task: it and both commands, or nothing.
	task := &coordinator.Task{Command: child, Status: coordinator.TaskInit, Entities: []coordinator.TaskEntity{disk}}
	if err := engine.SaveTask(ctx, task); err != nil {
		fmt.Println(err)
		return
	}
	// The host has taken it.
	task.VdsmTaskID, task.StoragePoolID = uuid.New(), uuid.New()
	task.Status, task.Type = coordinator.TaskRunning, 11
	if err := engine.SaveTask(ctx, task); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(task.Status, "for a command of type", child.Type(), "- its end is that of type", task.ActionType)
	// Output: running for a command of type 208 - its end is that of type 206
}

func ExampleCoordinator_SaveTaskTx() {
	defer upgraded.Example()()

	ctx := context.Background()
	pool, c, done := opened(ctx)
	defer done()

	task := savedTask(ctx, c)
	full := errors.New("the disk is full")
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		task.Status = coordinator.TaskFinished
		if err := c.SaveTaskTx(ctx, tx, task); err != nil {
			return err
		}
		return full // whatever else belongs to this has failed
	})
	fmt.Println(err)
	stored, err := c.RetrieveTask(ctx, task.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stored.Status)
	// Output:
	// the disk is full
	// running
}

func ExampleCoordinator_RetrieveTask() {
	defer upgraded.ExampleWithSample()()

	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	engine, err := coordinator.Open(ctx, pool, coordinator.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(ctx)

	tasks, err := engine.AllTasks(ctx) // those that were in flight when the engine was upgraded
	if err != nil {
		fmt.Println(err)
		return
	}
	task, err := engine.RetrieveTask(ctx, tasks[0].ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The engine has written the command, so it belongs to nobody yet.
	if _, err := engine.Adopt(ctx, task.Command.ID()); err != nil {
		fmt.Println(err)
		return
	}
	task.Status, task.Result = coordinator.TaskFinished, coordinator.TaskFailure
	if err := engine.SaveTask(ctx, task); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(task.Status, task.Result)

	_, err = engine.RetrieveTask(ctx, uuid.New())
	fmt.Println("another one:", errors.Is(err, coordinator.ErrNotFound))
	// Output:
	// finished failure
	// another one: true
}

func ExampleCoordinator_TasksByEntity() {
	defer upgraded.Example()()

	ctx := context.Background()
	_, c, done := opened(ctx)
	defer done()

	disk := savedTask(ctx, c).Entities[0].ID
	tasks, err := c.TasksByEntity(ctx, disk)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, task := range tasks {
		fmt.Println(task.Status, "for a command of type", task.Command.Type(), "on a", task.Entities[0].Type)
	}
	// Output: running for a command of type 208 on a Disk
}

func ExampleCoordinator_TasksByStoragePool() {
	defer upgraded.Example()()

	ctx := context.Background()
	_, c, done := opened(ctx)
	defer done()

	tasks, err := c.TasksByStoragePool(ctx, savedTask(ctx, c).StoragePoolID)
	fmt.Println(len(tasks), "task", err)
	// Output: 1 task <nil>
}

func ExampleCoordinator_TasksByVdsmTask() {
	defer upgraded.Example()()

	ctx := context.Background()
	_, c, done := opened(ctx)
	defer done()

	tasks, err := c.TasksByVdsmTask(ctx, savedTask(ctx, c).VdsmTaskID)
	fmt.Println(len(tasks), "task", err)
	// Output: 1 task <nil>
}

func ExampleCoordinator_AllTasks() {
	defer upgraded.Example()()

	ctx := context.Background()
	_, c, done := opened(ctx)
	defer done()

	savedTask(ctx, c)
	savedTask(ctx, c)
	tasks, err := c.AllTasks(ctx)
	fmt.Println(len(tasks), "tasks", err)
	// Output: 2 tasks <nil>
}

func ExampleTask_Root() {
	defer upgraded.Example()()

	ctx := context.Background()
	_, c, done := opened(ctx)
	defer done()

	task := savedTask(ctx, c) // its command has no parent
	fmt.Println(task.Root() == task.Command)
	// Output: true
}

func ExampleCoordinator_RemoveTask() {
	defer upgraded.Example()()

	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	engine, err := coordinator.Open(ctx, pool, coordinator.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(ctx)

	cmd, err := engine.NewCommand(coordinator.NewCommandOptions{Type: 208})
	if err != nil {
		fmt.Println(err)
		return
	}
	tasks := []*coordinator.Task{{Command: cmd}, {Command: cmd}}
	for _, task := range tasks {
		if err := engine.SaveTask(ctx, task); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, task := range tasks {
		removed, err := engine.RemoveTask(ctx, task.ID, coordinator.RemoveTaskOptions{Command: true})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(len(removed.Tasks), "task and", len(removed.Commands), "commands") // the other task needs the command
	}
	// Output:
	// 1 task and 0 commands
	// 1 task and 1 commands
}

func ExampleCoordinator_RemoveTaskTx() {
	defer upgraded.Example()()

	ctx := context.Background()
	pool, c, done := opened(ctx)
	defer done()

	task := savedTask(ctx, c)
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { // the command fails and its task goes, or neither
		if err := task.Command.UpdateStatusTx(ctx, tx, coordinator.StatusFailed); err != nil {
			return err
		}
		_, err := c.RemoveTaskTx(ctx, tx, task.ID, coordinator.RemoveTaskOptions{})
		return err
	})
	fmt.Println(task.Command.Status(), err)
	// Output: FAILED <nil>
}

func ExampleCoordinator_RemoveTasksByVdsmTask() {
	defer upgraded.Example()()

	ctx := context.Background()
	_, c, done := opened(ctx)
	defer done()

	removed, err := c.RemoveTasksByVdsmTask(ctx, savedTask(ctx, c).VdsmTaskID, coordinator.RemoveTaskOptions{})
	fmt.Println(len(removed.Tasks), "task", err)
	// Output: 1 task <nil>
}

func ExampleCoordinator_RemoveTasksByVdsmTaskTx() {
	defer upgraded.Example()()

	ctx := context.Background()
	pool, c, done := opened(ctx)
	defer done()

	task := savedTask(ctx, c)
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		removed, err := c.RemoveTasksByVdsmTaskTx(ctx, tx, task.VdsmTaskID, coordinator.RemoveTaskOptions{Command: true})
		fmt.Println(len(removed.Tasks), "task and", len(removed.Commands), "command")
		return err
	})
	fmt.Println(err)
	// Output:
	// 1 task and 1 command
	// <nil>
}
