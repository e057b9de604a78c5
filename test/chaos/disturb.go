package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"
)

// kind of a disturbance.
type kind string

const (
	killed      kind = "kill -9"
	pausedShort kind = "pause shorter than the lease"
	pausedLong  kind = "pause longer than the lease"
)

// disturbance is what is done to a worker, and when.
type disturbance struct {
	After time.Duration // since the one before
	Kind  kind
	For   time.Duration // until it runs again
}

// kinds and how often each of them comes, of 20.
var kinds = []struct {
	kind   kind
	weight int
}{
	{killed, 7},
	{pausedShort, 3},
	{pausedLong, 4},
	{kind(cutNow), 1},
	{kind(cutBackend), 1},
	{kind(cutBefore), 2},
	{kind(cutAfter), 2},
}

func randomDisturbances(random *rand.Rand, count int) []disturbance {
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(random.Int64N(int64(most-least)))
	}
	all := make([]disturbance, count)
	for i := range all {
		d := &all[i]
		d.After = between(0, 800*time.Millisecond)
		which := random.IntN(20)
		for _, k := range kinds {
			if which -= k.weight; which < 0 {
				d.Kind = k.kind
				break
			}
		}
		switch d.Kind {
		case killed:
			d.For = between(0, 300*time.Millisecond)
		case pausedShort:
			d.For = between(20*time.Millisecond, 600*time.Millisecond)
		case pausedLong:
			d.For = between(lease+100*time.Millisecond, 2*lease)
		}
	}
	return all
}

// victim is one of the workers: always the same place, now and then another process.
type victim struct {
	arena   *arena
	name    string
	runs    int
	proxy   *proxy
	process *process
}

func (a *arena) newVictim(ctx context.Context, name string) (*victim, error) {
	through, err := newProxy(ctx, a.socket())
	if err != nil {
		return nil, err
	}
	v := &victim{arena: a, name: name, proxy: through}
	if err := v.start(); err != nil {
		through.close()
		return nil, err
	}
	return v, nil
}

func (v *victim) start() error {
	v.runs++
	var err error
	v.process, err = startWorker(v.arena.ordersFor(v.name, v.runs, v.proxy))
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

func (v *victim) disturb(ctx context.Context, d disturbance) error {
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
	}
	return v.cut(ctx, cut(d.Kind))
}

// cut breaks connections. It waits until there is something to break: a worker has no connection at its start, and no commit while
// it waits for what another one has left.
func (v *victim) cut(ctx context.Context, how cut) error {
	const patience = time.Minute
	switch how {
	case cutNow:
		return wait(ctx, "for a connection", patience, func() (bool, error) { return v.proxy.cutAll() > 0, nil })
	case cutBackend:
		return wait(ctx, "for a session", patience, func() (bool, error) {
			tag, err := v.arena.pool.Exec(ctx, `
				SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 ORDER BY random() LIMIT 1`, v.name)
			return tag.RowsAffected() > 0, err
		})
	}
	fired := v.proxy.arm(how)
	select {
	case <-fired:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%w: for a commit, for %s", errPatience, patience)
	case <-ctx.Done():
		return ctx.Err()
	}
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
