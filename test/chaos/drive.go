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

// errFound ends an attempt at a step that an earlier attempt has committed, unheard.
var errFound = errors.New("an earlier attempt is committed")

// drive does the steps of a command until it has ended, the coordinator refuses to go on, or the process is to end.
func (in *instance) drive(ctx context.Context, command *coordinator.Command) {
	now, err := coordinator.Parameters[state](command)
	if err != nil {
		in.note(line{What: troubled, Command: command.ID(), Error: err.Error()})
		return
	}
	var open []uuid.UUID // attempts at the next step whose commit was not answered
	for now.Done < now.Steps {
		if !pause(ctx, stepTime) { // the work
			return
		}
		_ = in.hold(now.Done+1, beforeTransaction, func() error { return nil }) // nothing fails
		l := line{What: tried, Command: command.ID(), Step: now.Done + 1, Attempt: uuid.New()}
		in.note(l)
		next, found, err := in.step(ctx, command, now, l, open)
		switch {
		case err == nil:
			now, open = next, nil
		case errors.Is(err, errFound):
			in.note(line{What: foundAgain, Command: command.ID(), Step: now.Done + 1, Attempt: found})
			now, open = now.after(found), nil
		case errors.Is(err, errUnanswered):
			open = append(open, l.Attempt)
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

// findAttempt returns which of the attempts the ledger has, with errFound, or nothing.
func findAttempt(ctx context.Context, tx pgx.Tx, attempts []uuid.UUID) (uuid.UUID, error) {
	if len(attempts) == 0 {
		return uuid.Nil, nil
	}
	var found uuid.UUID
	err := tx.QueryRow(ctx, `SELECT attempt_id FROM chaos.ledger WHERE attempt_id = ANY ($1) LIMIT 1`, attempts).Scan(&found)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return uuid.Nil, nil
	case err != nil:
		return uuid.Nil, err
	}
	return found, errFound
}

// errUnanswered marks an attempt whose commit was sent and not answered.
var errUnanswered = errors.New("the commit was not answered")

// after is the state behind the step that an attempt has done. A child is named after the attempt that has stored it.
func (s state) after(attempt uuid.UUID) state {
	s.Done++
	s.Child = uuid.Nil
	if s.Children && s.Done < s.Steps {
		s.Child = attempt
	}
	return s
}

// step does one step in one transaction: the parameters, the child of this step and that of the next one, the end if it is the last,
// and the ledger's rows.
func (in *instance) step(
	ctx context.Context, command *coordinator.Command, now state, l line, open []uuid.UUID,
) (next state, found uuid.UUID, err error) {
	next = now.after(l.Attempt)
	sent, err := in.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := command.SetParameters(next); err != nil {
			return err
		}
		if err := in.c.PersistCommandTx(ctx, tx, command); err != nil {
			return err
		}
		// Behind the fence no earlier attempt is on its way any more: now the ledger knows.
		var err error
		if found, err = findAttempt(ctx, tx, open); err != nil {
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
		if err := in.record(ctx, tx, entry{What: step, Command: command.ID(), Attempt: l.Attempt, Step: next.Done}); err != nil {
			return err
		}
		if next.Done == next.Steps {
			if err := in.c.UpdateStatusTx(ctx, tx, command.ID(), coordinator.Status(now.Status)); err != nil {
				return err
			}
			if err := in.record(ctx, tx, entry{What: ended, Command: command.ID(), Attempt: l.Attempt, Note: now.Status}); err != nil {
				return err
			}
		}
		return in.hold(next.Done, beforeCommit, func() error {
			_, err := tx.Exec(ctx, `SELECT 1`)
			return err
		})
	})
	in.outcome(l, sent, err)
	if sent && err != nil {
		err = fmt.Errorf("%w: %w", errUnanswered, err)
	}
	return next, found, err
}
