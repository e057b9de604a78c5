package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review/approval"
)

const upLong = `up takes a database to the end of the chain, or of one phase: expand, backfill, prove, switch, contract,
retire. Up to and including contract the old engine keeps running. Before retire, up stops while others
are connected (exit code 3), because an old engine cannot start after it.

A step waits for a table lock no longer than --lock-timeout, and so do clients behind it; it is tried again
until --lock-budget is used up. An interrupted run loses nothing: the same command run again continues.

The copy is made in batches, each committed, over --jobs connections. It rests while a standby is more than
--max-lag behind, or while clients wait for a lock. Ctrl-C ends it when the current batches are committed.

With --approved, up runs nothing but what was approved by the hash of a review ("upgrade review"): if the
plan, or the database apart from what coco has changed there, is no longer the same, nothing is done (exit
code 4). The hash stays good when up is interrupted and run again.`

const upExample = `  upgrade up --to contract                   the old engine keeps running
  upgrade up --to backfill --pause 100ms     copy gently, prove later
  upgrade up --to contract --jobs 2          copy over two connections
  upgrade up                                 the rest, once the old engine is stopped
  upgrade up --approved 3b1f-…               what the review with this hash was approved for`

// upFlags are the flags of up, and those that down shares with it.
type upFlags struct {
	to          string
	batch       int
	pause       time.Duration
	jobs        int
	maxLag      time.Duration
	lagBudget   time.Duration
	lockTimeout time.Duration
	lockBudget  time.Duration
	drainBudget time.Duration
	reconnect   time.Duration
	force       bool
	approved    string
}

func (a *app) newUp() *cobra.Command {
	var flags upFlags
	cmd := &cobra.Command{
		Use:        "up",
		Short:      "Upgrade a database, or go on where an upgrade stopped",
		SuggestFor: []string{"migrate", "run", "apply", "start"},
		Long:       upLong,
		Example:    upExample,
		Args:       noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := flags.options(cmd)
			if err != nil {
				return err
			}
			hash, err := flags.approval(cmd)
			if err != nil {
				return err
			}
			return a.up(cmd, options, hash)
		},
	}
	set := cmd.Flags()
	set.StringVar(&flags.to, "to", "", "stop at the end of this `PHASE`")
	set.IntVar(&flags.batch, "batch", 0, "rows in a batch of the backfill (default: what takes about 60ms)")
	set.DurationVar(&flags.pause, "pause", 0, "rest after each batch of the backfill")
	set.IntVar(&flags.jobs, "jobs", 1, fmt.Sprintf("connections that copy at the same time, at most %d", upgrade.MaxJobs))
	set.DurationVar(&flags.maxLag, "max-lag", upgrade.DefaultMaxLag, "rest while a standby is further behind; 0 for never")
	set.DurationVar(&flags.lagBudget, "lag-budget", upgrade.DefaultLagBudget, "how long to rest for a standby at a time")
	set.DurationVar(&flags.drainBudget, "drain-budget", upgrade.DefaultDrainBudget, "how long to wait for older transactions to end")
	set.BoolVar(&flags.force, "force", false, "with --to retire: go on while others are connected")
	set.StringVar(&flags.approved, "approved", "", "run only what was approved by this `HASH` of a review")
	flags.addLocks(cmd)
	return cmd
}

// approval is the hash of --approved, nil without one.
func (f *upFlags) approval(cmd *cobra.Command) (*approval.Hash, error) {
	if !cmd.Flags().Changed("approved") { // an empty one is none that anybody has approved
		return nil, nil
	}
	if f.force {
		return nil, &usageError{
			reason: "--approved and --force exclude one another: what was approved stops before retire while others are connected",
			hint:   "Stop the others, or leave --approved out.",
		}
	}
	hash, err := approval.Parse(f.approved)
	if err != nil {
		return nil, &usageError{reason: "--approved is no hash of a review: " + err.Error(), hint: `It stands at the end of what "upgrade review" writes.`}
	}
	return &hash, nil
}

func (f *upFlags) addLocks(cmd *cobra.Command) {
	set := cmd.Flags()
	set.DurationVar(&f.lockTimeout, "lock-timeout", upgrade.DefaultLockTimeout, "how long a step may wait for a table lock")
	set.DurationVar(&f.lockBudget, "lock-budget", upgrade.DefaultLockBudget, "how long to try again when a lock was not to be had")
	set.DurationVar(&f.reconnect, "reconnect-budget", upgrade.DefaultReconnectBudget,
		"how long to try to connect again when the connection was lost; 0 is not at all")
}

func (f *upFlags) options(cmd *cobra.Command) (upgrade.UpOptions, error) {
	phase, err := f.check(cmd)
	if err != nil {
		return upgrade.UpOptions{}, err
	}
	if f.force && phase != upgrade.Retire {
		return upgrade.UpOptions{}, &usageError{reason: "--force goes together with --to retire"}
	}
	maxLag := f.maxLag
	if maxLag == 0 {
		maxLag = -1
	}
	return upgrade.UpOptions{
		To: phase, Batch: f.batch, Pause: f.pause, Force: f.force, Jobs: f.jobs, MaxLag: maxLag, LagBudget: f.lagBudget,
		LockTimeout: f.lockTimeout, LockBudget: f.lockBudget, DrainBudget: f.drainBudget,
		ReconnectBudget: f.reconnectBudget(),
	}, nil
}

// reconnectBudget is what the library calls the flag's value: 0 is its default.
func (f *upFlags) reconnectBudget() time.Duration {
	if f.reconnect == 0 {
		return -1
	}
	return f.reconnect
}

// check refuses values that do not fit. A flag that a command does not have was not changed either.
func (f *upFlags) check(cmd *cobra.Command) (upgrade.Phase, error) {
	changed := cmd.Flags().Changed
	for _, limit := range []struct {
		name  string
		value time.Duration
	}{{"lock-timeout", f.lockTimeout}, {"lock-budget", f.lockBudget}, {"drain-budget", f.drainBudget}, {"lag-budget", f.lagBudget}} {
		if changed(limit.name) && limit.value < time.Millisecond {
			return "", &usageError{reason: "--" + limit.name + " is at least 1ms"}
		}
	}
	switch {
	case changed("batch") && f.batch < 1:
		return "", &usageError{reason: "--batch is at least 1"}
	case f.pause < 0:
		return "", &usageError{reason: "--pause is not negative"}
	case f.reconnect < 0:
		return "", &usageError{reason: "--reconnect-budget is not negative"}
	case changed("jobs") && (f.jobs < 1 || f.jobs > upgrade.MaxJobs):
		return "", &usageError{reason: fmt.Sprintf("--jobs is a number from 1 to %d", upgrade.MaxJobs)}
	case f.maxLag < 0:
		return "", &usageError{reason: "--max-lag is not negative"}
	}
	return phaseNamed(f.to)
}

// phaseNamed reads the value of --to; empty stays empty.
func phaseNamed(name string) (upgrade.Phase, error) {
	if name == "" {
		return "", nil
	}
	phase, err := upgrade.ParsePhase(name)
	if err != nil {
		return "", unknownPhase(name)
	}
	return phase, nil
}

func unknownPhase(name string) error {
	var all []string
	for _, phase := range upgrade.Phases() {
		all = append(all, string(phase))
	}
	return unknownAmong("phase", name, all)
}

func (a *app) up(cmd *cobra.Command, options upgrade.UpOptions, approved *approval.Hash) error {
	report := a.newReporter("")
	defer report.end()
	upgrader, err := a.upgrader(report.observe)
	if err != nil {
		return err
	}
	if approved != nil {
		options.Consent = approval.Consent(upgrader.Chain(), options.To, *approved)
	}
	defer a.sayWhenItStops(cmd.Context())()
	started := time.Now()
	report.doing(elapsed("connecting"))
	result, err := upgrader.Up(cmd.Context(), options)
	report.progress.idle()
	if err != nil && len(result.Applied) == 0 {
		return err
	}
	a.showUp(upgrader.Chain(), result, time.Since(started))
	return err
}

// stopsSoon is how long an interrupted run takes without a word about it.
const stopsSoon = 300 * time.Millisecond

// sayWhenItStops tells somebody who has pressed Ctrl-C that this was noticed, unless it shows at once. The caller calls what it returns
// when the run has ended.
func (a *app) sayWhenItStops(ctx context.Context) func() {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-over:
		case <-time.After(stopsSoon):
			a.console.notef("stopping when the current batches are committed; a second Ctrl-C stops at once, and does no harm either")
		}
	})
	return func() {
		stop()
		close(over)
	}
}

func (a *app) showUp(chain *upgrade.Chain, result upgrade.UpResult, duration time.Duration) {
	if a.flags.json {
		a.console.emit("result", result)
		return
	}
	if result.TakenOver {
		a.console.resultf("nothing to do: %s", takenOverText)
		return
	}
	at := place(result.To, phaseOf(chain, result.To))
	if len(result.Applied) == 0 && len(result.Mended) > 0 {
		a.console.resultf("%s put right: the database is at version %s", counted(int64(len(result.Mended)), "procedure"), at)
		return
	}
	if len(result.Applied) == 0 {
		a.console.resultf("nothing to do: the database is at version %s", at)
		return
	}
	a.console.resultf("\n%s applied in %s: the database is at version %s",
		counted(int64(len(result.Applied)), "step"), took(duration), at)
	if left := chain.Last() - result.To; left > 0 {
		a.console.resultf("%s left: \"upgrade up\" goes on from here, \"upgrade down\" goes back", counted(left, "step"))
	}
}

// phaseOf returns the phase of a version, empty for none.
func phaseOf(chain *upgrade.Chain, version int64) upgrade.Phase {
	for _, step := range chain.Ups() {
		if step.Version == version {
			return step.Phase
		}
	}
	return ""
}
