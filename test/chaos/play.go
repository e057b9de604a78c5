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

// play lets one owner be paused at a place in its second step, and wake up while another one has done that step and the third, and is
// alive before the fourth. It returns the line that says what became of the paused owner's attempt. No part of it depends on who is
// quicker: the coordinator of the paused owner cannot reach the server when it wakes up, so nothing but the fence in its own transaction
// can tell it that it is late.
func (a *arena) play(ctx context.Context, where moment) (outcome line, err error) {
	id := uuid.MustParse("00000000-0000-0000-0000-0000000000c0")
	if err := a.supply(ctx, planned{ID: id, Steps: 5, Status: "SUCCEEDED"}); err != nil {
		return line{}, err
	}
	work, err := newProxy(ctx, a.socket())
	if err != nil {
		return line{}, err
	}
	defer work.close()
	heartbeats, err := newProxy(ctx, a.socket())
	if err != nil {
		return line{}, err
	}
	defer heartbeats.close()

	latecomer := a.ordersFor("latecomer", 1, heartbeats, work)
	latecomer.HoldAt, latecomer.HoldIn = 2, where
	paused, err := a.enter(ctx, latecomer)
	if err != nil {
		return line{}, err
	}
	defer paused.kill()
	if err := paused.signal(syscall.SIGSTOP); err != nil {
		return line{}, err
	}
	heir := a.ordersFor("heir", 1, work, work)
	heir.HoldAt, heir.HoldIn = 4, beforeTransaction
	alive, err := a.enter(ctx, heir)
	if err != nil {
		return line{}, err
	}
	defer alive.kill()

	heartbeats.close()
	if err := errors.Join(latecomer.release(), paused.signal(syscall.SIGCONT)); err != nil {
		return line{}, err
	}
	if outcome, err = a.await(ctx, latecomer, 2, acked, refused, over); err != nil {
		return line{}, err
	}
	paused.kill()
	if err := heir.release(); err != nil {
		return line{}, err
	}
	err = wait(ctx, "for the command to end", playPatience, func() (bool, error) {
		_, ended, err := a.progress(ctx)
		return ended == 1, err
	})
	if err != nil {
		return line{}, err
	}
	return outcome, dismiss(ctx, alive)
}

// enter starts a worker and waits until it holds at its place.
func (a *arena) enter(ctx context.Context, o orders) (*process, error) {
	p, err := startWorker(o)
	if err != nil {
		return nil, err
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
