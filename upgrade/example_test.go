package upgrade_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

// engineDatabase makes DATABASE_URL name an engine's database of 46 tasks.
func engineDatabase() (done func()) { return testdb.Example(engineTemplate()) }

// open connects nowhere yet: each call of the upgrader does, and leaves no connection behind.
func open() (*upgrade.Upgrader, error) {
	config, err := connect.Config(connect.Options{}) // DATABASE_URL, or the PG* variables
	if err != nil {
		return nil, err
	}
	return upgrade.New(upgrade.Options{Config: config, ToolVersion: "1.0.0"})
}

func Example() {
	defer engineDatabase()()

	ctx := context.Background()
	config, err := connect.Config(connect.Options{}) // DATABASE_URL, or the PG* variables
	if err != nil {
		fmt.Println(err)
		return
	}
	upgrader, err := upgrade.New(upgrade.Options{
		Config:      config,
		ToolVersion: "1.0.0",
		Observe: func(event upgrade.Event) {
			if done, ok := event.(upgrade.StepFinished); ok {
				fmt.Println("done:", done.Step.Phase, done.Step.Name)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := upgrader.Up(ctx, upgrade.UpOptions{To: upgrade.Contract})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("version", result.To, "proof of", result.Receipt.Tasks, "tasks")
	// Output:
	// done: expand engine_tables
	// done: expand expand
	// done: backfill backfill
	// done: backfill keys
	// done: prove prove
	// done: switch mirror
	// done: switch getters
	// done: switch switch
	// done: contract contract
	// version 9 proof of 46 tasks
}

func ExampleUpgrader_Check() {
	defer engineDatabase()()

	upgrader, err := open()
	if err != nil {
		fmt.Println(err)
		return
	}
	check, err := upgrader.Check(context.Background(), upgrade.CheckOptions{To: upgrade.Contract})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(check.Verdict)
	for _, finding := range check.Findings {
		if finding.Severity == upgrade.Refusal {
			fmt.Println(finding.Reason, finding.Hint)
		}
	}
	// Output: go
}

func ExampleUpgrader_PlanUp() {
	defer engineDatabase()()

	upgrader, err := open()
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := upgrader.PlanUp(context.Background(), upgrade.Prove)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, action := range plan.Steps {
		fmt.Printf("%-9s %-8s %v\n", action.Phase, action.Kind, action.Locks)
	}
	// Output:
	// expand    apply    []
	// expand    apply    [async_tasks share row exclusive]
	// backfill  backfill [async_tasks access share]
	// backfill  apply    [async_tasks access share]
	// backfill  apply    []
	// prove     catch_up [async_tasks row share]
	// prove     apply    [async_tasks access share]
}

func ExampleUpgrader_Up() {
	defer engineDatabase()()

	ctx := context.Background()
	upgrader, err := open()
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL")) // an engine that is still running
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(ctx)

	result, err := upgrader.Up(ctx, upgrade.UpOptions{})
	fmt.Println("it came as far as version", result.To)
	var problem *upgrade.Error
	switch {
	case errors.Is(err, upgrade.ErrConnected):
		errors.As(err, &problem)
		fmt.Println("first these have to go:", len(problem.Sessions), "client")
	case errors.Is(err, upgrade.ErrBusy):
		fmt.Println("later, perhaps:", err)
	case err != nil:
		fmt.Println("this needs somebody:", err)
	}
	// Output:
	// it came as far as version 9
	// first these have to go: 1 client
}

func ExampleUpgrader_Status() {
	defer engineDatabase()()

	ctx := context.Background()
	upgrader, err := open()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, to := range []upgrade.Phase{upgrade.Expand, upgrade.Switch} {
		if _, err := upgrader.Up(ctx, upgrade.UpOptions{To: to}); err != nil {
			fmt.Println(err)
			return
		}
		status, err := upgrader.Status(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("at the end of %s: %d steps are pending, proved: %t\n", status.Phase, status.Pending, status.Receipt != nil)
	}
	verified, err := upgrader.Verify(ctx, upgrade.VerifyOptions{})
	fmt.Println("findings:", len(verified.Findings), err)
	// Output:
	// at the end of expand: 8 steps are pending, proved: false
	// at the end of switch: 2 steps are pending, proved: true
	// findings: 0 <nil>
}

func ExampleUpgrader_Down() {
	defer engineDatabase()()

	ctx := context.Background()
	upgrader, err := open()
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := upgrader.Up(ctx, upgrade.UpOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	export, err := os.CreateTemp("", "commands-*.jsonl") // mode 0600: it gets the parameters of commands
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(export.Name())
	result, err := upgrader.Down(ctx, upgrade.DownOptions{Export: export})
	if errors.Is(err, upgrade.ErrUnheld) {
		fmt.Println("commands without a task: nothing was changed, and DiscardCommands was not set")
		return
	}
	fmt.Println(result.From, "->", result.To, "exported:", result.Exported, err)
	// Output: 10 -> 0 exported: 0 <nil>
}
