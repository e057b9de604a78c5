package test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
	upgradedengine "github.com/ovirt/coco/internal/upgraded"
)

func Example_saveCommand() {
	defer upgradedengine.ExampleWithSample()()

	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)

	now, status := time.Now(), "ACTIVE"
	text, class := `{"vmId": "e1f9…"}`, "org.ovirt.engine.core.common.action.RunVmParams"
	command := gen.InsertCommandEntityParams{
		CommandID: uuid.New(), CommandType: 32, CreatedAt: &now, Status: &status,
		ActionParameters: &text, ActionParametersClass: &class,
	}
	q := gen.New(conn)
	if err := q.InsertCommandEntity(ctx, command); err != nil {
		fmt.Println(err)
		return
	}
	saved, err := q.GetCommandEntity(ctx, command.CommandID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(saved.CommandType, *saved.Status, *saved.ActionParameters)
	// Output: 32 ACTIVE {"vmId": "e1f9…"}
}

func Example_transaction() {
	defer upgradedengine.ExampleWithSample()()

	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)

	parent, child, task, status := uuid.New(), uuid.New(), uuid.New(), "ACTIVE"
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { // all of it, or none
		q := gen.New(tx)
		if err := q.InsertCommandEntity(ctx, gen.InsertCommandEntityParams{
			CommandID: parent, CommandType: 206, Status: &status,
		}); err != nil {
			return err
		}
		within := uuid.NullUUID{UUID: parent, Valid: true}
		if err := q.InsertCommandEntity(ctx, gen.InsertCommandEntityParams{
			CommandID: child, CommandType: 208, ParentCommandID: within, RootCommandID: within, Status: &status,
		}); err != nil {
			return err
		}
		return q.InsertAsyncTask(ctx, gen.InsertAsyncTaskParams{TaskID: task, ActionType: 206, Status: 2, CommandID: child, TaskType: 3})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	q := gen.New(conn)
	children, err := q.GetCommandEntitiesByParent(ctx, parent)
	if err != nil {
		fmt.Println(err)
		return
	}
	row, err := q.GetAsyncTask(ctx, task)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(children), "child; it is the task's command:", row.CommandID == children[0].CommandID)
	fmt.Println("the task's root is the parent:", row.RootCommandID.UUID == parent)
	// Output:
	// 1 child; it is the task's command: true
	// the task's root is the parent: true
}
