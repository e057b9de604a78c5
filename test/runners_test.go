package test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/testdb"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/connect"
)

const (
	runners        = 8
	shortRounds    = 3
	processesEvery = 10 // rounds; in the others one runner of eight is the program
	exitBusy       = 5
)

// outcome is what became of one runner.
type outcome struct {
	steps int
	busy  bool
	err   error
	says  string
}

// The kinds of outcomes.
const (
	appliedAll = "applied all steps"
	toldBusy   = "were told who is at work (exit code 5)"
	idle       = "were told that nothing is to be done"
	failed     = "failed"
)

func (o outcome) kind() string {
	switch {
	case o.steps == versionRetire && o.err == nil:
		return appliedAll
	case o.steps == 0 && o.busy:
		return toldBusy
	case o.steps == 0 && o.err == nil:
		return idle
	}
	return failed
}

// holder is how the runner that is at work is named.
var holder = regexp.MustCompile(`pid \d+, user ` + ephemeral.Superuser + `, "coco upgrade", for [0-9.]+(ms|s)`)

func TestOfEightRunnersAtOnceExactlyOneUpgrades(t *testing.T) {
	alone := engine(t, enginedb.Sample())
	upgradeTool(t, alone.URL, exitDone, "up", "--quiet")
	want := upgradedSnapshot(t, alone.URL)

	rounds := number(t, "COCO_RUNNERS_ROUNDS", shortRounds)
	count := map[string]int{}
	for round := range rounds {
		t.Run(fmt.Sprintf("round %d", round+1), func(t *testing.T) {
			db := engine(t, enginedb.Sample())
			for i, o := range atOnce(t, db, round) {
				count[o.kind()]++
				if o.kind() == failed || o.kind() == toldBusy && !holder.MatchString(o.says) {
					t.Errorf("runner %d: %d steps, %v: %s", i, o.steps, o.err, o.says)
				}
			}
			if count[appliedAll] != round+1 {
				t.Errorf("%d runners applied the steps", count[appliedAll]-round)
			}
			same(t, "unlike an upgrade by one runner alone", want, upgradedSnapshot(t, db.URL))
			journal := query(t, db.Connect(t.Context()), `SELECT version || ' ' || direction FROM coco.journal ORDER BY id`)
			same(t, "the journal", steps(1, versionRetire), journal)
			nothingLeft(t, db)
		})
	}
	t.Logf("%d rounds of %d runners: %d %s, %d %s, %d %s", rounds, runners,
		count[appliedAll], appliedAll, count[toldBusy], toldBusy, count[idle], idle)
	if count[appliedAll] != rounds || count[appliedAll]+count[toldBusy]+count[idle] != rounds*runners {
		t.Errorf("%v", count)
	}
}

// steps are the rows of a journal about versions that were gone up to.
func steps(from, to int) []string {
	var rows []string
	for version := from; version <= to; version++ {
		rows = append(rows, fmt.Sprintf("%d up", version))
	}
	return rows
}

// atOnce lets all runners upgrade one database, and returns what became of each.
func atOnce(t *testing.T, db *testdb.DB, round int) []outcome {
	t.Helper()
	outcomes := make([]outcome, runners)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range runners {
		run := inProcess
		if i == round%runners || round%processesEvery == processesEvery-1 {
			run = byProgram
		}
		budget := []time.Duration{time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond, 2 * time.Second}[(i+round)%4]
		dir := t.TempDir()
		all.Go(func() {
			<-begin
			outcomes[i] = run(t.Context(), dir, db.URL, budget)
		})
	}
	close(begin)
	all.Wait()
	return outcomes
}

func inProcess(ctx context.Context, _, url string, budget time.Duration) outcome {
	config, err := connect.Config(connect.Options{Database: url})
	if err != nil {
		return outcome{err: err}
	}
	upgrader, err := upgrade.New(upgrade.Options{Config: config})
	if err != nil {
		return outcome{err: err}
	}
	result, err := upgrader.Up(ctx, upgrade.UpOptions{LockBudget: budget, LockTimeout: unhurried})
	return outcome{steps: len(result.Applied), busy: errors.Is(err, upgrade.ErrBusy), err: err, says: fmt.Sprint(err)}
}

func byProgram(ctx context.Context, dir, url string, budget time.Duration) outcome {
	run, err := prepare(ctx, dir, url, "up", "--lock-budget", budget.String(), "--lock-timeout", unhurried.String())
	if err != nil {
		return outcome{err: err}
	}
	if err := run.finish(); err != nil {
		return outcome{err: err}
	}
	o := outcome{steps: strings.Count("\n"+run.stdout.String(), "\napplied "), says: run.output(), busy: run.exit() == exitBusy}
	if run.exit() != exitDone {
		o.err = fmt.Errorf("exit code %d", run.exit())
	}
	return o
}
