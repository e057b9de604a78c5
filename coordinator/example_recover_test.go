package coordinator_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/gen"
	"github.com/ovirt/coco/internal/upgraded"
)

func ExampleCoordinator_RetrieveCommand() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, other, done := opened(ctx)
	defer done()
	engine, err := openEngine(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(ctx)
	merge, err := startMerge(ctx, engine, "monday")
	if err != nil {
		fmt.Println(err)
		return
	}

	cmd, err := engine.RetrieveCommand(ctx, merge.ID())
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := coordinator.Parameters[Merge](cmd)
	fmt.Println(state.Snapshots, err)

	// A program that does not know the type has the text.
	cmd, err = other.RetrieveCommand(ctx, merge.ID())
	fmt.Println(cmd.Text(), err, errors.Is(cmd.Opaque(), coordinator.ErrNotRegistered))

	_, err = engine.RetrieveCommand(ctx, uuid.New())
	fmt.Println(errors.Is(err, coordinator.ErrNotFound))
	// Output:
	// [monday] <nil>
	// {"snapshots":["monday"],"merged":0} <nil> true
	// true
}

func ExampleCoordinator_RetrieveTree() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, _, done := opened(ctx)
	defer done()
	engine, err := openEngine(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(ctx)
	merge, err := startMerge(ctx, engine, "monday", "tuesday")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := errors.Join(mergeNext(ctx, pool, engine, merge), mergeNext(ctx, pool, engine, merge)); err != nil {
		fmt.Println(err)
		return
	}

	tree, err := engine.RetrieveTree(ctx, merge.ID())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tree.Type(), tree.Status())
	for _, step := range tree.Children() {
		fmt.Println("-", step.Type(), step.Status())
	}
	// Output:
	// 225 ACTIVE
	// - 226 ACTIVE
	// - 226 ACTIVE
}

func ExampleCoordinator_Unfinished() {
	defer upgraded.Example()()
	ctx := context.Background()
	_, engine, done := opened(ctx)
	defer done()
	savedTask(ctx, engine)

	mine, err := engine.Unfinished(ctx, coordinator.UnfinishedOptions{Mine: true})
	fmt.Println(len(mine), mine[0].Status(), err)
	// Output: 1 NOT_STARTED <nil>
}

func ExampleCoordinator_Recover() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()
	before, err := openEngine(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	merge, err := startMerge(ctx, before, "monday")
	if err := errors.Join(err, mergeNext(ctx, pool, before, merge), before.Close(ctx)); err != nil {
		fmt.Println(err)
		return
	}

	cmds, err := engine.Recover(ctx, coordinator.RecoverOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, cmd := range cmds { // parents first
		fmt.Println(cmd.Type(), "below", cmd.Parent() != nil, "is ours:", cmd.Owner() == engine.ID())
	}
	// Output:
	// 225 below false is ours: true
	// 226 below true is ours: true
}

func ExampleCoordinator_RecoverTx() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()

	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		cmds, err := engine.RecoverTx(ctx, tx, coordinator.RecoverOptions{Limit: 10})
		fmt.Println(len(cmds), "to be carried on")
		return err
	})
	fmt.Println(err)
	// Output:
	// 0 to be carried on
	// <nil>
}

func ExampleCoordinator_Watch() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()
	before, err := openEngine(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = startMerge(ctx, before, "monday")
	if err := errors.Join(err, before.Close(ctx)); err != nil {
		fmt.Println(err)
		return
	}

	enough := errors.New("enough")
	err = engine.Watch(ctx, func(_ context.Context, cmds []*coordinator.Command) error {
		for _, cmd := range cmds {
			go func() { _ = cmd.UpdateStatus(ctx, coordinator.StatusSucceeded) }() // drives it to its end
		}
		return enough
	})
	fmt.Println(err)
	// Output: enough
}

// engines stores a command as the engine itself does: it belongs to no instance.
func engines(ctx context.Context, db gen.DBTX) uuid.UUID {
	id, status := uuid.New(), "ACTIVE"
	err := gen.New(db).InsertCommandEntity(ctx, gen.InsertCommandEntityParams{CommandID: id, CommandType: mergeType, Status: &status})
	if err != nil {
		panic(err)
	}
	return id
}

func ExampleCoordinator_Adopt() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()
	id := engines(ctx, pool)

	err := engine.UpdateStatus(ctx, id, coordinator.StatusSucceeded)
	fmt.Println(errors.Is(err, coordinator.ErrLostOwnership))
	cmds, err := engine.Adopt(ctx, id)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cmds[0].UpdateStatus(ctx, coordinator.StatusSucceeded))
	// Output:
	// true
	// <nil>
}

func ExampleCoordinator_AdoptTx() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()
	id := engines(ctx, pool)

	fmt.Println(pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := engine.AdoptTx(ctx, tx, id); err != nil {
			return err
		}
		return engine.UpdateStatusTx(ctx, tx, id, coordinator.StatusFailed)
	}))
	// Output: <nil>
}

func ExampleCoordinator_Resume() {
	defer upgraded.Example()()
	ctx := context.Background()
	_, engine, done := opened(ctx)
	defer done()
	cmd := savedTask(ctx, engine).Command

	if !cmd.HeldAt().IsZero() {
		fmt.Println("its owners have died", cmd.Recoveries(), "times: look for the cause")
	}
	fmt.Println(engine.Resume(ctx, cmd.ID()))
	// Output: <nil>
}

func ExampleCoordinator_ResumeTx() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()
	cmd := savedTask(ctx, engine).Command

	fmt.Println(pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return engine.ResumeTx(ctx, tx, cmd.ID()) }))
	// Output: <nil>
}

func ExampleCoordinator_RemoveCommand() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, _, done := opened(ctx)
	defer done()
	engine, err := openEngine(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(ctx)
	merge, err := startMerge(ctx, engine, "monday")
	if err := errors.Join(err, mergeNext(ctx, pool, engine, merge)); err != nil {
		fmt.Println(err)
		return
	}

	_, err = engine.RemoveCommand(ctx, merge.ID(), coordinator.RemoveOptions{})
	live, ok := errors.AsType[*coordinator.LiveDescendantsError](err)
	if ok {
		fmt.Println(len(live.Descendants), "below it has not finished")
	}
	fmt.Println(engine.RemoveCommand(ctx, merge.ID(), coordinator.RemoveOptions{Unfinished: true}))
	// Output:
	// 1 below it has not finished
	// 2 <nil>
}

func ExampleCoordinator_RemoveCommandTx() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, _, done := opened(ctx)
	defer done()
	engine, err := openEngine(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(ctx)
	merge, err := startMerge(ctx, engine, "monday")
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, err := engine.RemoveCommandTx(ctx, tx, merge.ID(), coordinator.RemoveOptions{})
		return err
	}))
	// Output: <nil>
}

func ExampleParseStatus() {
	status, err := coordinator.ParseStatus("ACTIVE")
	fmt.Println(status.MayBecome(coordinator.StatusSucceeded), status.Final(), err)
	_, err = coordinator.ParseStatus("DONE")
	fmt.Println(errors.Is(err, coordinator.ErrStatus))
	// Output:
	// true false <nil>
	// true
}
