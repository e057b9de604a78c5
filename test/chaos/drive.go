package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/coordinator"
)

// releaseSuffix is behind the journal's name in that of the file that releases a worker from its hold.
const releaseSuffix = ".release"

var (
	// errFound ends an attempt at a step that an earlier attempt has committed, unheard.
	errFound = errors.New("an earlier attempt is committed")
	// errUnanswered marks an attempt whose commit was sent and not answered.
	errUnanswered = errors.New("the commit was not answered")
)

// drive does the steps of a command until it has ended, the coordinator refuses to go on, or the process is to end.
func (in *instance) drive(ctx context.Context, command *coordinator.Command) {
	now, err := coordinator.Parameters[state](command)
	if err != nil {
		in.note(line{What: troubled, Command: command.ID(), Error: err.Error()})
		return
	}
	unanswered := false // an attempt at the next step may be committed
	for now.Done < now.Steps {
		if !pause(ctx, stepTime) { // the work
			return
		}
		_ = in.hold(now.Done+1, beforeTransaction, func() error { return nil }) // nothing fails
		l := line{What: tried, Command: command.ID(), Step: now.Done + 1, Attempt: uuid.New()}
		in.note(l)
		next, err := in.step(ctx, command, now, l.Attempt, unanswered)
		switch {
		case errors.Is(err, errFound):
			l.Attempt = next.Attempt
			l.What = foundAgain
			in.note(l)
			now, unanswered = next, false
		case err == nil:
			now, unanswered = next, false
		case errors.Is(err, errUnanswered):
			unanswered = true
		case isStale(err) || isOver(err): // over: its last step was committed, unheard
			return
		}
	}
}

// hold waits at the worker's place in a play. What it does meanwhile keeps the server from taking an open transaction for idle.
func (in *instance) hold(step int, here moment, meanwhile func() error) error {
	if in.HoldAt != step || in.HoldIn != here {
		return nil
	}
	in.note(line{What: holds, Step: step})
	for {
		if _, err := os.Stat(in.Journal + releaseSuffix); err == nil {
			return nil
		}
		if err := meanwhile(); err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// after is the state behind the next step when this attempt does it. A child is named after the attempt that has stored it.
func (s state) after(attempt uuid.UUID) state {
	s.Done++
	s.Attempt = attempt
	s.Child = uuid.Nil
	if s.Children && s.Done < s.Steps {
		s.Child = attempt
	}
	return s
}

// step does one step in one transaction: the parameters, the child of this step and that of the next one, the end if it is the last,
// and the ledger's rows. It returns the state from then on: with errFound that of an earlier attempt.
func (in *instance) step(
	ctx context.Context, command *coordinator.Command, now state, attempt uuid.UUID, unanswered bool,
) (next state, err error) {
	next = now.after(attempt)
	sent, err := in.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if unanswered {
			stored, err := in.stored(ctx, tx, command.ID())
			if err != nil {
				return err
			}
			if stored.Done > now.Done {
				next = stored
				return errFound
			}
		}
		if err := command.SetParameters(next); err != nil {
			return err
		}
		if err := in.c.PersistCommandTx(ctx, tx, command); err != nil {
			return err
		}
		if now.Children {
			if err := in.c.UpdateStatusTx(ctx, tx, now.Child, coordinator.StatusSucceeded); err != nil {
				return err
			}
		}
		if next.Child != uuid.Nil {
			if err := in.addChild(ctx, tx, next.Child, command); err != nil {
				return err
			}
		}
		if err := in.record(ctx, tx, entry{What: step, Command: command.ID(), Attempt: attempt, Step: next.Done}); err != nil {
			return err
		}
		if next.Done == next.Steps {
			if err := in.c.UpdateStatusTx(ctx, tx, command.ID(), coordinator.Status(now.Status)); err != nil {
				return err
			}
			if err := in.record(ctx, tx, entry{What: ended, Command: command.ID(), Attempt: attempt, Note: now.Status}); err != nil {
				return err
			}
		}
		return in.hold(next.Done, beforeCommit, func() error {
			_, err := tx.Exec(ctx, `SELECT 1`)
			return err
		})
	})
	in.outcome(line{Command: command.ID(), Step: now.Done + 1, Attempt: attempt}, sent, err)
	if sent && err != nil {
		err = fmt.Errorf("%w: %w", errUnanswered, err)
	}
	return next, err
}

// stored is the state that the database has. A transaction of this process may still be on its way to its end there: Adopt passes the
// fence, and so waits for it.
func (in *instance) stored(ctx context.Context, tx pgx.Tx, id uuid.UUID) (state, error) {
	adopted, err := in.c.AdoptTx(ctx, tx, id)
	if err != nil {
		return state{}, err
	}
	return coordinator.Parameters[state](adopted[0])
}
