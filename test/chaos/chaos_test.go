package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

const (
	instances      = 3
	fewDisturbed   = 25 // in an ordinary run
	fewUnfenced    = 12
	finishPatience = 3 * time.Minute
)

func TestChaosLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	a := arenaOf(t, true)
	r := a.disturbed(t, number(t, "COCO_CHAOS_DISTURBANCES", fewDisturbed), finishPatience)
	found := judge(r.evidence)
	r.log(t, "with fencing", found)
	failOn(t, found)
}

func TestChaosPausedOwnerIsRefused(t *testing.T) {
	t.Parallel()
	for _, plot := range []plot{pausedOutside, pausedInside} {
		t.Run(string(plot), func(t *testing.T) {
			t.Parallel()
			a := arenaOf(t, true)
			e, outcome := a.played(t, plot)
			if outcome.What != refused {
				t.Errorf("the attempt was %s: %s", outcome.What, outcome.Error)
			}
			failOn(t, judge(e))
		})
	}
}

// The first owner may be refused here only if the machine was too busy to let its transaction speak within the lease.
func TestChaosCommandIsNotTakenOutOfAnOpenTransaction(t *testing.T) {
	t.Parallel()
	a := arenaOf(t, true)
	e, _ := a.played(t, cutOff)
	failOn(t, judge(e))
}

// What is reported where nothing is fenced shows that the judge would see it.
func TestChaosWithoutFencingIsNoticed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		plot plot
		want []string
	}{
		{pausedOutside, []string{staleOwner, twoDrivers, stepTwice}},
		{cutOff, []string{staleOwner, stepTwice}},
	} {
		t.Run(string(c.plot), func(t *testing.T) {
			t.Parallel()
			a := arenaOf(t, false)
			e, outcome := a.played(t, c.plot)
			if outcome.What != acked {
				t.Errorf("the attempt was %s: %s", outcome.What, outcome.Error)
			}
			found := byKind(judge(e))
			t.Logf("without fencing, the first owner %s: %d violations found\n%s", c.plot, total(found), list(found))
			for _, kind := range c.want {
				if found[kind] == 0 {
					t.Errorf("not found: %s", kind)
				}
			}
		})
	}
	t.Run("at random", func(t *testing.T) {
		t.Parallel()
		a := arenaOf(t, false)
		r := a.disturbed(t, number(t, "COCO_CHAOS_UNFENCED", fewUnfenced), 5*time.Second)
		found := judge(r.evidence)
		r.log(t, "without fencing", found)
		found = slices.DeleteFunc(found, func(v violation) bool { return v.Kind == neverEnded }) // a matter of patience
		if os.Getenv("COCO_CHAOS_UNFENCED") != "" && len(found) == 0 {
			t.Error("no violation found") // of a few disturbances none may have had consequences; the plays are there for that
		}
	})
}

func arenaOf(t *testing.T, fenced bool) *arena {
	t.Helper()
	a, err := openArena(t.Context(), t.TempDir(), fenced)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return a
}

// played plays a play with two owners and returns what is left of it.
func (a *arena) played(t *testing.T, plot plot) (evidence, line) {
	t.Helper()
	outcome, err := a.play(t.Context(), plot)
	if err != nil {
		t.Fatalf("%v\n%s", err, a.said())
	}
	e, err := a.evidence(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the first owner's attempt was %s: %s", outcome.What, outcome.Error)
	return e, outcome
}

// disturbed lets workers work, disturbs them, lets them finish what they have begun, and returns what is left of it. What does not
// finish within the patience is for the judge.
func (a *arena) disturbed(t *testing.T, disturbances int, patience time.Duration) report {
	t.Helper()
	ctx, started := t.Context(), time.Now()
	r := report{seed: uint64(number(t, "COCO_CHAOS_SEED", int(started.UnixNano()%1_000_000)))}
	t.Logf("COCO_CHAOS_SEED=%d", r.seed)
	random := rand.New(rand.NewPCG(r.seed, 1<<32))
	if err := a.supply(ctx, randomPlans(random, 200+20*disturbances)...); err != nil {
		t.Fatal(err)
	}
	victims := make([]*victim, instances)
	for i := range victims {
		v, err := a.newVictim(ctx, fmt.Sprintf("worker-%d", i+1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(v.remove)
		victims[i] = v
	}

	var err error
	if r.counts, err = disturbAll(ctx, r.seed, victims, disturbances); err != nil {
		t.Fatalf("%v\n%s", err, a.said())
	}
	r.disturbing = time.Since(started)
	if err := a.finish(ctx, victims, patience); err != nil {
		t.Fatalf("%v\n%s", err, a.said())
	}
	r.finishing = time.Since(started) - r.disturbing
	if r.evidence, err = a.evidence(ctx); err != nil {
		t.Fatal(err)
	}
	if text := a.said(); text != "" {
		t.Errorf("the workers say:\n%s", text)
	}
	return r
}

// finish closes the supply, waits until all commands have ended or the patience has, and ends the workers.
func (a *arena) finish(ctx context.Context, victims []*victim, patience time.Duration) error {
	if err := a.closeSupply(ctx); err != nil {
		return err
	}
	err := wait(ctx, "for all commands to end", patience, func() (bool, error) {
		begun, ended, err := a.progress(ctx)
		return begun == ended, err
	})
	if err != nil && !errors.Is(err, errPatience) {
		return err
	}
	for _, v := range victims {
		if err := dismiss(ctx, v.process); err != nil {
			return err
		}
	}
	return nil
}

func failOn(t *testing.T, found []violation) {
	t.Helper()
	for i, v := range found {
		if i == 50 {
			t.Errorf("and %d more; all of them:\n%s", len(found)-i, list(byKind(found)))
			return
		}
		t.Error(v)
	}
}

// number returns the whole number in an environment variable, or the default.
func number(t *testing.T, variable string, byDefault int) int {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		return byDefault
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}
