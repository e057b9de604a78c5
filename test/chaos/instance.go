package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/coordinator"
)

// instance is a worker under one identity.
type instance struct {
	*worker

	c       *coordinator.Coordinator
	drivers sync.WaitGroup

	mu      sync.Mutex
	driving map[uuid.UUID]bool
}

// lookAround starts drivers until the process is to end, or another instance has taken over. The drivers are not told of the latter:
// what keeps them from doing harm is the fence alone.
func (in *instance) lookAround(ctx context.Context) {
	tick := time.NewTicker(lookTime)
	defer tick.Stop()
	if in.Watches {
		in.drivers.Go(func() {
			err := in.c.Watch(ctx, func(_ context.Context, taken []*coordinator.Command) error {
				in.take(ctx, taken)
				return nil
			})
			if ctx.Err() == nil && !isStale(err) {
				in.note(line{What: troubled, Error: fmt.Sprintf("watch: %v", err)})
			}
		})
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-in.c.Lost():
			return
		case <-tick.C:
		}
		if err := in.look(ctx); err != nil && ctx.Err() == nil {
			in.note(line{What: troubled, Error: err.Error()})
		}
	}
}

func (in *instance) look(ctx context.Context) error {
	if !in.Watches {
		taken, err := in.c.Recover(ctx, coordinator.RecoverOptions{})
		if err != nil {
			return err
		}
		in.take(ctx, taken)
	}

	// What was handed out, or begun, in a transaction whose end this process has not heard of.
	in.mu.Lock()
	driven := maps.Clone(in.driving)
	in.mu.Unlock()
	mine, err := in.c.Unfinished(ctx, coordinator.UnfinishedOptions{Mine: true})
	if err != nil {
		return err
	}
	for _, command := range mine {
		if command.Type() == commandType && !driven[command.ID()] {
			in.start(ctx, command)
		}
	}

	for in.busy() < in.Drives && ctx.Err() == nil {
		command, err := in.begin(ctx)
		if command == nil || err != nil {
			return err
		}
		in.start(ctx, command)
	}
	return nil
}

// take starts to drive what this instance was handed. The children come with their parents and are driven with them.
func (in *instance) take(ctx context.Context, commands []*coordinator.Command) {
	for _, command := range commands {
		if command.Type() == commandType {
			in.note(line{What: recovered, Command: command.ID()})
			in.start(ctx, command)
		}
	}
}

func (in *instance) busy() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return len(in.driving)
}

// start drives a command, unless that is being done.
func (in *instance) start(ctx context.Context, command *coordinator.Command) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.driving[command.ID()] {
		return
	}
	in.driving[command.ID()] = true
	in.drivers.Go(func() {
		in.drive(ctx, command)
		in.mu.Lock()
		defer in.mu.Unlock()
		delete(in.driving, command.ID())
	})
}

// begin takes a command out of the supply and stores it. Nil: the supply is empty.
func (in *instance) begin(ctx context.Context) (*coordinator.Command, error) {
	var command *coordinator.Command
	attempt := uuid.New()
	sent, err := in.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		plan, err := takePlan(ctx, tx)
		if err != nil {
			return err
		}
		in.note(line{What: tried, Command: plan.ID, Attempt: attempt})
		first := state{Steps: plan.Steps, Status: plan.Status, Children: plan.Children, Attempt: attempt}
		if plan.Children {
			first.Child = attempt
		}
		command, err = in.c.NewCommand(coordinator.NewCommandOptions{
			ID: plan.ID, Type: commandType, Class: class, Parameters: first, Status: coordinator.StatusActive,
		})
		if err != nil {
			return err
		}
		if err := in.c.PersistCommandTx(ctx, tx, command); err != nil {
			return err
		}
		if plan.Children {
			if err := in.addChild(ctx, tx, attempt, command); err != nil {
				return err
			}
		}
		return in.record(ctx, tx, entry{What: begun, Command: plan.ID, Attempt: attempt})
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	in.outcome(line{Attempt: attempt}, sent, err)
	if err != nil {
		return nil, err
	}
	return command, nil
}

func takePlan(ctx context.Context, tx pgx.Tx) (planned, error) {
	rows, err := tx.Query(ctx, `
		DELETE FROM chaos.supply
		WHERE number = (SELECT number FROM chaos.supply ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING command_id, steps, status, children`)
	if err != nil {
		return planned{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[planned])
}

// addChild stores the child of a step.
func (in *instance) addChild(ctx context.Context, tx pgx.Tx, id uuid.UUID, parent *coordinator.Command) error {
	child, err := in.c.NewCommand(coordinator.NewCommandOptions{
		ID: id, Type: childType, Class: class, Parameters: state{}, Status: coordinator.StatusActive,
	})
	if err != nil {
		return err
	}
	return child.PersistTx(ctx, tx, parent)
}

// record writes into the outside ledger.
func (in *instance) record(ctx context.Context, tx pgx.Tx, e entry) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO chaos.ledger (what, command_id, instance_id, attempt_id, step, note)
		VALUES ($1, $2, $3, $4, $5, $6)`, e.What, e.Command, in.c.ID(), e.Attempt, e.Step, e.Note)
	return err
}

// transact runs a transaction, and says whether its commit was sent. An error of a commit that was sent leaves open what became of it.
// The transaction is not broken off when the process is to end.
func (in *instance) transact(ctx context.Context, do func(context.Context, pgx.Tx) error) (sent bool, err error) {
	ctx = context.WithoutCancel(ctx)
	tx, err := in.work.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after a commit it does nothing
	if err := do(ctx, tx); err != nil {
		return false, err
	}
	return true, tx.Commit(ctx)
}

func (in *instance) note(l line) {
	l.Instance = in.c.ID()
	in.journal.note(l)
}

// outcome notes what became of an attempt.
func (in *instance) outcome(l line, sent bool, err error) {
	switch {
	case err == nil:
		l.What = acked
	case sent:
		l.What = unknown
	case isStale(err):
		l.What = refused
	case isOver(err):
		l.What = over
	default:
		l.What = failed
	}
	if err != nil {
		l.Error = err.Error()
	}
	in.note(l)
}

// isStale says whether the coordinator has refused to write because the command is another's.
func isStale(err error) bool {
	return errors.Is(err, coordinator.ErrLostOwnership) || errors.Is(err, coordinator.ErrInstanceEnded)
}

// isOver says whether the coordinator has refused to write because the command has finished.
func isOver(err error) bool { return errors.Is(err, coordinator.ErrTransition) }
