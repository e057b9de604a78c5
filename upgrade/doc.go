// Package upgrade takes an engine database along the chain of migrations, proves that nothing was lost, and takes it back.
//
// It is a library: it prints nothing and knows no flags. What happens is told to an observer while it happens, what was done is
// returned, and errors say what a caller may act on:
//
//	config, err := connect.Config(connect.Options{Database: "postgres://engine@localhost/engine"})
//	if err != nil {
//		return err
//	}
//	upgrader, err := upgrade.New(upgrade.Options{
//		Config:      config,
//		ToolVersion: "1.0.0",
//		Observe: func(event upgrade.Event) {
//			if batch, ok := event.(upgrade.BatchDone); ok {
//				log.Printf("%s: %d of %d, %.0f rows a second", batch.Work, batch.Done, batch.Total, batch.Rate)
//			}
//		},
//	})
//	if err != nil {
//		return err
//	}
//	result, err := upgrader.Up(ctx, upgrade.UpOptions{To: upgrade.Contract})
//	if errors.Is(err, upgrade.ErrBusy) {
//		return fmt.Errorf("came as far as version %d: %w", result.To, err)
//	}
//
// Every migration commits together with its version and its journal row, and batches commit one by one. So a run may be killed
// at any point, and the same call again goes on from there. What a run does is a list of actions, which PlanUp and PlanDown
// return: the migrations, and between them, by the phase of the next one, a run
//
//   - copies rows in batches before the first step of Backfill,
//   - applies the change log before each step of Prove, Switch and Contract,
//   - waits after each step of Switch until the transactions from before it are gone,
//   - looks for other clients before the first step of Retire.
//
// The stock migrate program works on the same migrations and the same database; it and this package exclude each other.
package upgrade
