package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"
)

// kind of a disturbance.
type kind string

const (
	killed      kind = "kill -9"
	pausedShort kind = "pause, shorter than the lease"
	pausedLong  kind = "pause, longer than the lease"
	cutNow      kind = "cut: all connections at once"
	cutLong     kind = "cut: the coordinator's own connections, refused for longer than the lease"
	cutBackend  kind = "cut: a session, by the server"
	cutBefore   kind = "cut: a commit on its way to the server"
	cutAfter    kind = "cut: a commit's acknowledgement on its way back"
)

// disturbance is what is done to a worker, and when.
type disturbance struct {
	After time.Duration // since the one before
	Kind  kind
	For   time.Duration // until it runs again
}

// kinds of disturbances, each as often as it is to come in a score.
var kinds = slices.Concat(
	slices.Repeat([]kind{killed}, 6),
	slices.Repeat([]kind{pausedLong}, 4),
	slices.Repeat([]kind{pausedShort}, 3),
	slices.Repeat([]kind{cutBefore, cutAfter}, 2),
	[]kind{cutNow, cutLong, cutBackend},
)

func randomDisturbances(random *rand.Rand, count int) []disturbance {
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(random.Int64N(int64(most-least)))
	}
	all := make([]disturbance, count)
	for i := range all {
		d := &all[i]
		d.After = between(0, 800*time.Millisecond)
		d.Kind = kinds[random.IntN(len(kinds))]
		switch d.Kind {
		case killed:
			d.For = between(0, 300*time.Millisecond)
		case pausedShort:
			d.For = between(20*time.Millisecond, 600*time.Millisecond)
		case pausedLong, cutLong:
			d.For = between(lease+100*time.Millisecond, 2*lease)
		case cutNow, cutBackend, cutBefore, cutAfter: // over at once
		}
	}
	return all
}

// victim is one of the workers: always the same place, now and then another process.
type victim struct {
	arena       *arena
	name        string
	runs        int
	coordinator *proxy // what the coordinator's own connections go through
	work        *proxy // and what those of the steps do
	process     *process
}

func (a *arena) newVictim(ctx context.Context, name string) (*victim, error) {
	v := &victim{arena: a, name: name}
	var err error
	if v.coordinator, err = newProxy(ctx, a.socket()); err != nil {
		return nil, err
	}
	if v.work, err = newProxy(ctx, a.socket()); err != nil {
		v.coordinator.Close()
		return nil, err
	}
	if err := v.start(); err != nil {
		v.coordinator.Close()
		v.work.Close()
		return nil, err
	}
	return v, nil
}

// remove ends the process the hard way, if it runs.
func (v *victim) remove() {
	v.process.kill()
	v.coordinator.Close()
	v.work.Close()
}

func (v *victim) start() error {
	v.runs++
	o := v.arena.ordersFor(v.name, v.runs, v.coordinator, v.work)
	o.Watches = v.runs%2 == 0
	var err error
	v.process, err = startWorker(o)
	return err
}

// suffer lets the disturbances happen one after the other, and counts them.
func (v *victim) suffer(ctx context.Context, all []disturbance, count func(kind)) error {
	for _, d := range all {
		if !pause(ctx, d.After) {
			return ctx.Err()
		}
		if v.process.ended() {
			return fmt.Errorf("%s has ended by itself: %s", v.name, v.process.cmd.ProcessState)
		}
		if err := v.disturb(ctx, d); err != nil {
			return fmt.Errorf("%s, %s: %w", v.name, d.Kind, err)
		}
		count(d.Kind)
	}
	return nil
}

// disturb does one thing to the worker, and returns when it is over. It waits until there is something to cut: a worker has no connection
// at its start, and no commit while it waits for what another one has left.
func (v *victim) disturb(ctx context.Context, d disturbance) error {
	const patience = time.Minute
	switch d.Kind {
	case killed:
		v.process.kill()
		pause(ctx, d.For)
		return v.start()
	case pausedShort, pausedLong:
		if err := v.process.signal(syscall.SIGSTOP); err != nil {
			return err
		}
		pause(ctx, d.For)
		return v.process.signal(syscall.SIGCONT)
	case cutNow:
		return wait(ctx, "for a connection", patience, func() (bool, error) { return v.coordinator.CutAll()+v.work.CutAll() > 0, nil })
	case cutLong:
		v.coordinator.Refuse(true)
		v.coordinator.CutAll()
		pause(ctx, d.For)
		v.coordinator.Refuse(false)
	case cutBackend:
		return wait(ctx, "for a session", patience, func() (bool, error) {
			tag, err := v.arena.pool.Exec(ctx, `
				SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 ORDER BY random() LIMIT 1`, v.name)
			return tag.RowsAffected() > 0, err
		})
	case cutBefore, cutAfter:
		select {
		case <-v.work.arm(d.Kind):
		case <-time.After(patience):
			return fmt.Errorf("%w: for a commit, for %s", errPatience, patience)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// disturbAll disturbs all workers at the same time, each in its own way, and returns how often what has happened.
func disturbAll(ctx context.Context, seed uint64, victims []*victim, count int) (map[kind]int, error) {
	var (
		mu     sync.Mutex
		counts = map[kind]int{}
		all    sync.WaitGroup
		errs   = make([]error, len(victims))
	)
	for i, v := range victims {
		share := (count + i) / len(victims)
		random := rand.New(rand.NewPCG(seed, uint64(i))) //nolint:gosec // to be had again
		all.Go(func() {
			errs[i] = v.suffer(ctx, randomDisturbances(random, share), func(k kind) {
				mu.Lock()
				defer mu.Unlock()
				counts[k]++
			})
		})
	}
	all.Wait()
	return counts, errors.Join(errs...)
}
