package coordinator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/ovirt/coco/coordinator"
	"github.com/ovirt/coco/internal/upgraded"
)

func ExampleCoordinator_RemoveAllCommandsBeforeDate() {
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

	merge, err := engine.NewCommand(coordinator.NewCommandOptions{Type: 7, Status: coordinator.StatusActive})
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err := engine.NewCommand(coordinator.NewCommandOptions{Type: 8, Status: coordinator.StatusActive})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := errors.Join(merge.Persist(ctx, nil), step.Persist(ctx, merge), merge.UpdateStatus(ctx, coordinator.StatusSucceeded)); err != nil {
		fmt.Println(err)
		return
	}

	// The step is still active: the tree stays.
	report, err := engine.RemoveAllCommandsBeforeDate(ctx, time.Now(), coordinator.CleanupOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.RemovedCommands, "removed; kept:", report.Kept[0].Trees, report.Kept[0].Reason)

	if err := step.UpdateStatus(ctx, coordinator.StatusSucceeded); err != nil {
		fmt.Println(err)
		return
	}
	var export bytes.Buffer // "upgrade commands load" takes it in again
	report, err = engine.RemoveAllCommandsBeforeDate(ctx, time.Now(), coordinator.CleanupOptions{Export: &export})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.RemovedCommands, "removed,", bytes.Count(export.Bytes(), []byte("\n")), "exported")

	_, err = engine.RemoveAllCommandsBeforeDate(ctx, time.Now().Add(time.Hour), coordinator.CleanupOptions{})
	fmt.Println(errors.Is(err, coordinator.ErrCutoff))
	// Output:
	// 0 removed; kept: 1 unfinished
	// 2 removed, 2 exported
	// true
}

func ExampleCoordinator_RunCleaner() {
	defer upgraded.Example()()

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	engine, err := coordinator.Open(ctx, pool, coordinator.Options{Hooks: coordinator.Hooks{
		Cleaned: func(report coordinator.CleanupReport) {
			fmt.Println("commands removed:", report.RemovedCommands)
			stop() // a program that goes on working lets it run
		},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(context.Background())

	// Every night at half past two, what finished more than a week ago. No run was ever made here, so the first one is made at once.
	err = engine.RunCleaner(ctx, coordinator.CleanerOptions{At: "02:30:00", Location: time.UTC, Age: 7 * 24 * time.Hour})
	fmt.Println(err)
	// Output:
	// commands removed: 0
	// context canceled
}

func ExampleCleanup() {
	defer upgraded.Example()()

	ctx := context.Background()
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)

	report, err := coordinator.Cleanup(ctx, conn, time.Now().AddDate(0, -1, 0), coordinator.CleanupOptions{DryRun: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d of %d trees would go\n", report.RemovedTrees, report.Trees)
	// Output: 0 of 0 trees would go
}
