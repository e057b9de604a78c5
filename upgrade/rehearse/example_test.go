package rehearse_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
	"github.com/ovirt/coco/upgrade/rehearse"
)

func ExampleRun() {
	defer testdb.Example(engineTemplate())()

	config, err := connect.Config(connect.Options{}) // DATABASE_URL, or the PG* variables
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := rehearse.Run(context.Background(), rehearse.Options{
		Config: config, To: upgrade.Contract, Tasks: 100,
		After: func(ctx context.Context, conn *pgx.Conn) error { // the copy, before it goes
			var commands int
			if err := conn.QueryRow(ctx, `SELECT count(*) FROM command_entities`).Scan(&commands); err != nil {
				return err
			}
			fmt.Println("commands were copied:", commands > 0)
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, step := range result.Steps {
		if step.Phase == upgrade.Contract && step.Kind == upgrade.KindApply {
			fmt.Println(step.Name, "took", step.Locks[0].Lock, "and declares it:", step.Locks[0].Declared)
		}
	}
	// Output:
	// commands were copied: true
	// contract took async_tasks access exclusive and declares it: true
}
