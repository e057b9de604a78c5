package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/internal/upgraded"
)

// Merge is what a command that merges snapshots has to know to carry on.
type Merge struct {
	Snapshots []string `json:"snapshots"`
	Merged    int      `json:"merged"`
}

// The type and the class that commands of a Merge are stored with.
const (
	mergeType  = 225
	mergeClass = "example.Merge"
)

func openEngine(ctx context.Context, pool *pgxpool.Pool) (*coordinator.Coordinator, error) {
	types := coordinator.NewRegistry()
	err := coordinator.Register(types, coordinator.Key{Type: mergeType, Class: mergeClass}, coordinator.JSON[Merge]())
	if err != nil {
		return nil, err
	}
	return coordinator.Open(ctx, pool, coordinator.Options{Registry: types, Logger: slog.New(slog.DiscardHandler)})
}

// startMerge stores a new command: from here on it is carried on, whatever becomes of this process.
func startMerge(ctx context.Context, engine *coordinator.Coordinator, snapshots ...string) (*coordinator.Command, error) {
	merge, err := engine.NewCommand(coordinator.NewCommandOptions{
		Type: mergeType, Class: mergeClass, Parameters: Merge{Snapshots: snapshots}, Status: coordinator.StatusActive,
	})
	if err != nil {
		return nil, err
	}
	return merge, merge.Persist(ctx, nil)
}

// mergeNext records a step: how far the command is, a child for the step, and a change of the program's own. All of it, or nothing.
func mergeNext(ctx context.Context, pool *pgxpool.Pool, engine *coordinator.Coordinator, merge *coordinator.Command) error {
	state, err := coordinator.Parameters[Merge](merge)
	if err != nil {
		return err
	}
	step, err := engine.NewCommand(coordinator.NewCommandOptions{Type: mergeType + 1, Parent: merge})
	if err != nil {
		return err
	}
	state.Merged++
	if err := merge.SetParameters(state); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := engine.PersistCommandsTx(ctx, tx, merge, step); err != nil {
			return err
		}
		if err := step.UpdateStatusTx(ctx, tx, coordinator.StatusActive); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `SELECT set_config('example.merged', $1, true)`, state.Snapshots[state.Merged-1]) // your own change
		return err
	})
}

// carryOn takes what dead processes have left, whenever there is something, until the context ends or this process has lost its own.
func carryOn(ctx context.Context, engine *coordinator.Coordinator, drive func(*coordinator.Command)) error {
	err := engine.Watch(ctx, func(_ context.Context, cmds []*coordinator.Command) error {
		for _, cmd := range cmds {
			if cmd.Opaque() == nil {
				drive(cmd)
			}
		}
		return nil
	})
	if errors.Is(err, coordinator.ErrLostOwnership) {
		return fmt.Errorf("stop, and begin anew with Open: %w", err)
	}
	return err
}

func Example() {
	defer upgraded.Example()()

	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()

	// A process starts a merge, does one step and ends.
	first, err := openEngine(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	merge, err := startMerge(ctx, first, "monday", "tuesday")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := errors.Join(mergeNext(ctx, pool, first, merge), first.Close(ctx)); err != nil {
		fmt.Println(err)
		return
	}

	// Another one carries on.
	second, err := openEngine(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer second.Close(ctx)
	watching, stop := context.WithCancel(ctx)
	err = carryOn(watching, second, func(cmd *coordinator.Command) {
		if state, ok := cmd.Parameters().(Merge); ok {
			fmt.Printf("%d of %v are merged\n", state.Merged, state.Snapshots)
			stop()
		}
	})
	fmt.Println(err)
	// Output:
	// 1 of [monday tuesday] are merged
	// context canceled
}

func ExampleOpen() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()

	engine, err := coordinator.Open(ctx, pool, coordinator.Options{
		Name: "merger on host a",
		Hooks: coordinator.Hooks{Call: func(call coordinator.Call) {
			if call.Err != nil {
				fmt.Println(call.Operation, "has failed") // your metrics
			}
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(engine.ID() != uuid.Nil, engine.Close(ctx))
	// Output: true <nil>
}

func ExampleCoordinator_Lost() {
	defer upgraded.Example()()
	ctx := context.Background()
	_, engine, done := opened(ctx)
	defer done()

	working, stop := context.WithCancel(ctx)
	go func() {
		defer stop()
		select {
		case <-engine.Lost(): // another instance drives the commands now
		case <-working.Done():
		}
	}()
	fmt.Println(working.Err())
	stop()
	// Output: <nil>
}

func ExampleCoordinator_Close() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, _, done := opened(ctx)
	defer done()

	engine, err := openEngine(ctx, pool)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := engine.Close(ctx); err != nil {
		fmt.Println(err) // its commands are free when the lease is over
	}
	_, err = startMerge(ctx, engine, "too late")
	fmt.Println(errors.Is(err, coordinator.ErrInstanceEnded))
	// Output: true
}

func ExampleCoordinator_PersistCommand() {
	defer upgraded.Example()()
	ctx := context.Background()
	_, engine, done := opened(ctx)
	defer done()

	id := uuid.New() // from a request, say, that may come twice
	for range 2 {
		cmd, err := engine.NewCommand(coordinator.NewCommandOptions{ID: id, Type: mergeType})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(engine.PersistCommand(ctx, cmd), cmd.Status())
	}
	// Output:
	// <nil> NOT_STARTED
	// <nil> NOT_STARTED
}

func ExampleCoordinator_PersistCommandTx() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()

	cmd, err := engine.NewCommand(coordinator.NewCommandOptions{Type: mergeType})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := engine.PersistCommandTx(ctx, tx, cmd); err != nil {
			return err
		}
		return errors.New("the program's own part has failed")
	})
	fmt.Println(err)
	_, err = engine.RetrieveCommand(ctx, cmd.ID())
	fmt.Println(errors.Is(err, coordinator.ErrNotFound))
	// Output:
	// the program's own part has failed
	// true
}

func ExampleCoordinator_PersistCommands() {
	defer upgraded.Example()()
	ctx := context.Background()
	_, engine, done := opened(ctx)
	defer done()

	parent, err := engine.NewCommand(coordinator.NewCommandOptions{Type: mergeType})
	if err != nil {
		fmt.Println(err)
		return
	}
	cmds := []*coordinator.Command{parent}
	for range 3 {
		child, err := engine.NewCommand(coordinator.NewCommandOptions{Type: mergeType + 1, Parent: parent})
		if err != nil {
			fmt.Println(err)
			return
		}
		cmds = append(cmds, child)
	}
	err = engine.PersistCommands(ctx, cmds...) // one round trip
	fmt.Println(err, cmds[3].RootID() == parent.ID())
	// Output: <nil> true
}

func ExampleCoordinator_PersistCommandsTx() {
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
	fmt.Println(mergeNext(ctx, pool, engine, merge)) // calls it
	// Output: <nil>
}

func ExampleCommand_Persist() {
	defer upgraded.Example()()
	ctx := context.Background()
	_, engine, done := opened(ctx)
	defer done()

	var parent *coordinator.Command
	for range 3 {
		cmd, err := engine.NewCommand(coordinator.NewCommandOptions{Type: mergeType})
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := cmd.Persist(ctx, parent); err != nil {
			fmt.Println(err)
			return
		}
		parent = cmd
	}
	fmt.Println(parent.Parent().Parent() == parent.Root())
	// Output: true
}

func ExampleCommand_PersistTx() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()

	cmd, err := engine.NewCommand(coordinator.NewCommandOptions{Type: mergeType})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return cmd.PersistTx(ctx, tx, nil) })
	fmt.Println(err, cmd.Owner() == engine.ID())
	// Output: <nil> true
}

func ExampleCommand_UpdateStatus() {
	defer upgraded.Example()()
	ctx := context.Background()
	_, engine, done := opened(ctx)
	defer done()
	cmd := savedTask(ctx, engine).Command

	for _, to := range []coordinator.Status{coordinator.StatusActive, coordinator.StatusSucceeded, coordinator.StatusFailed} {
		err := cmd.UpdateStatus(ctx, to)
		fmt.Println(cmd.Status(), errors.Is(err, coordinator.ErrTransition))
	}
	// Output:
	// ACTIVE false
	// SUCCEEDED false
	// SUCCEEDED true
}

func ExampleCommand_UpdateStatusTx() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()
	cmd := savedTask(ctx, engine).Command

	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return cmd.UpdateStatusTx(ctx, tx, coordinator.StatusFailed) })
	fmt.Println(err, cmd.Status())
	// Output: <nil> FAILED
}

func ExampleCoordinator_UpdateStatus() {
	defer upgraded.Example()()
	ctx := context.Background()
	_, engine, done := opened(ctx)
	defer done()
	id := savedTask(ctx, engine).Command.ID()

	fmt.Println(engine.UpdateStatus(ctx, id, coordinator.StatusActive))
	err := engine.UpdateStatus(ctx, id, coordinator.StatusActive)
	refused, ok := errors.AsType[*coordinator.TransitionError](err)
	fmt.Println(ok && refused.From == refused.To) // an earlier call has got through
	// Output:
	// <nil>
	// true
}

func ExampleCoordinator_UpdateStatusTx() {
	defer upgraded.Example()()
	ctx := context.Background()
	pool, engine, done := opened(ctx)
	defer done()
	id := savedTask(ctx, engine).Command.ID()

	fmt.Println(pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		return engine.UpdateStatusTx(ctx, tx, id, coordinator.StatusActive)
	}))
	// Output: <nil>
}

func ExampleCoordinator_NewCommand() {
	defer upgraded.Example()()
	ctx := context.Background()
	_, engine, done := opened(ctx)
	defer done()

	_, err := engine.NewCommand(coordinator.NewCommandOptions{Type: mergeType, Class: mergeClass, Parameters: Merge{}})
	fmt.Println(errors.Is(err, coordinator.ErrNotRegistered)) // by this engine
	_, err = engine.NewCommand(coordinator.NewCommandOptions{Status: "DONE"})
	fmt.Println(errors.Is(err, coordinator.ErrStatus))
	// Output:
	// true
	// true
}

func ExampleCommand_SetParameters() {
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

	err = errors.Join(merge.SetParameters(Merge{Snapshots: []string{"monday"}, Merged: 1}), merge.Persist(ctx, nil))
	fmt.Println(merge.Text(), err)
	// Output: {"snapshots":["monday"],"merged":1} <nil>
}

func ExampleParameters() {
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

	state, err := coordinator.Parameters[Merge](merge)
	fmt.Println(state.Merged, err)
	_, err = coordinator.Parameters[string](merge)
	fmt.Println(errors.Is(err, coordinator.ErrOpaque))
	// Output:
	// 0 <nil>
	// true
}
