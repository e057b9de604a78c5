package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/google/uuid"
)

// playPatience is how long one part of a play may take on a busy machine.
const playPatience = time.Minute

// plot is what befalls an owner in the second step of a command, between its first sign of life and the last.
type plot string

const (
	// It is paused, and wakes up while another one, alive, has done that step and the third.
	pausedOutside plot = "paused before its transaction"
	pausedInside  plot = "paused before its commit"
	// Its transaction is open and does not idle while it is taken for dead: nothing else of it reaches the server.
	cutOff plot = "cut off before its commit"
)

// play lets an owner suffer what the plot says, and another one take over. It returns the line that says what became of the first one's
// attempt. No part of it depends on who is quicker: the coordinator of the first owner cannot reach the server any more, so nothing but
// the fence in its own transaction can tell it that it is late.
func (a *arena) play(ctx context.Context, plot plot) (outcome line, err error) {
	id := uuid.MustParse("00000000-0000-0000-0000-0000000000c0")
	if err := a.supply(ctx, planned{ID: id, Steps: 5, Status: "SUCCEEDED"}); err != nil {
		return line{}, err
	}
	work, err := newProxy(ctx, a.socket())
	if err != nil {
		return line{}, err
	}
	defer work.Close()
	heartbeats, err := newProxy(ctx, a.socket())
	if err != nil {
		return line{}, err
	}
	defer heartbeats.Close()

	firstOrders := a.ordersFor("first", 1, heartbeats, work)
	firstOrders.HoldAt, firstOrders.HoldIn = 2, beforeCommit
	if plot == pausedOutside {
		firstOrders.HoldIn = beforeTransaction
	}
	first, err := a.enter(ctx, firstOrders)
	if err != nil {
		return line{}, err
	}
	defer first.kill()
	if plot != cutOff {
		if err := first.signal(syscall.SIGSTOP); err != nil {
			return line{}, err
		}
	}
	heartbeats.Close()

	heirsOrders := a.ordersFor("heir", 1, work, work)
	if plot != cutOff { // else it is not to come that far yet
		heirsOrders.HoldAt, heirsOrders.HoldIn = 4, beforeTransaction
	}
	heir, err := a.enter(ctx, heirsOrders)
	if err != nil {
		return line{}, err
	}
	defer heir.kill()
	if err := wait(ctx, "for the first owner to be taken for dead", playPatience, a.someoneIsTakenOver(ctx)); err != nil {
		return line{}, err
	}

	if err := errors.Join(firstOrders.release(), first.signal(syscall.SIGCONT)); err != nil {
		return line{}, err
	}
	if outcome, err = a.await(ctx, firstOrders, 2, acked, refused, over); err != nil {
		return line{}, err
	}
	first.kill()
	if err := heirsOrders.release(); err != nil {
		return line{}, err
	}
	err = wait(ctx, "for the command to end", playPatience, func() (bool, error) {
		_, ended, err := a.progress(ctx)
		return ended == 1, err
	})
	if err != nil {
		return line{}, err
	}
	return outcome, dismiss(ctx, heir)
}

// someoneIsTakenOver tells whether an instance was taken for dead. Whoever did that has tried to take its commands in the same transaction.
func (a *arena) someoneIsTakenOver(ctx context.Context) func() (bool, error) {
	return func() (yes bool, err error) {
		err = a.pool.QueryRow(ctx, `SELECT count(*) > 0 FROM coco.engine_instance WHERE ended_because = 'taken over'`).Scan(&yes)
		return yes, err
	}
}

// enter starts a worker and waits until it holds at its place, if it has one.
func (a *arena) enter(ctx context.Context, o orders) (*process, error) {
	p, err := startWorker(o)
	if err != nil {
		return nil, err
	}
	if o.HoldAt == 0 {
		return p, nil
	}
	if _, err := a.await(ctx, o, o.HoldAt, holds); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// await returns the first line of a worker's journal that says one of these things of a step.
func (a *arena) await(ctx context.Context, o orders, step int, whats ...string) (found line, err error) {
	err = wait(ctx, fmt.Sprintf("for %s in step %d: %v", o.Name, step, whats), playPatience, func() (bool, error) {
		lines, err := readJournals(a.dir)
		if err != nil {
			return false, err
		}
		for _, l := range lines {
			for _, what := range whats {
				if l.What == what && l.Step == step && l.Process == o.process() {
					found = l
					return true, nil
				}
			}
		}
		return false, nil
	})
	return found, err
}

// release lets a worker that holds go on.
func (o orders) release() error { return os.WriteFile(o.Journal+releaseSuffix, nil, 0o600) }
