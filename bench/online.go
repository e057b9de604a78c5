package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Phases that are not the upgrade's.
const (
	warmUp = "warm-up" // judged nowhere: caches and plans are made
	quiet  = "quiet"
	after  = "after"
)

const (
	// adopted are tasks of the database that the played engine changes and deletes.
	adopted  = 100
	warmTime = 5 * time.Second
)

// onlineRun is an upgrade up to and including contract beside the played engine. Times are in milliseconds where nothing else is said.
type onlineRun struct {
	Tasks  int           `json:"tasks"`
	Jobs   int           `json:"jobs"`
	Phases []playedPhase `json:"phases"`
	// Quiet, Engine and Control are the calls before the upgrade, and in its whole course.
	Quiet   latency `json:"quiet"`
	Engine  latency `json:"engine"`
	Control latency `json:"control"`
	Failed  int     `json:"failed"`
	Wrong   int     `json:"wrong"`

	// LongestLockWait is that of a client of the engine while the upgrade runs, ControlLockWait that of one whose tables nobody upgrades.
	LongestLockWait float64 `json:"longest_lock_wait_ms"`
	ControlLockWait float64 `json:"control_longest_lock_wait_ms"`
	LockWaitsOver   int     `json:"lock_waits_over_20_ms"`
	Deadlocks       int     `json:"deadlocks"`
	ExclusiveLock   float64 `json:"contract_exclusive_lock_ms"`
	Seconds         float64 `json:"upgrade_seconds"`
	WAL             int64   `json:"upgrade_wal_bytes"`
	Peak            int64   `json:"program_peak_memory_bytes"`
	Proved          int64   `json:"tasks_on_receipt"`
	Course          course  `json:"seconds"`
}

// ratio is the upgrade's p99.9 by the larger one of the quiet time's and the control's.
func (r onlineRun) ratio() float64 { return r.Engine.P999 / max(r.Quiet.P999, r.Control.P999) }

// playedPhase is what the played engine noticed of a phase.
type playedPhase struct {
	Name    string  `json:"name"`
	Begin   float64 `json:"begin_seconds"`
	Seconds float64 `json:"seconds"`
	Failed  int     `json:"failed"`
	Wrong   int     `json:"wrong"`
	Engine  latency `json:"engine"`
	Control latency `json:"control"`
	WAL     int64   `json:"wal_bytes"`
	// LongestLockWait is that of any client of the engine, 0 where none took 5 ms; ControlLockWait that of any of the control.
	LongestLockWait float64 `json:"longest_lock_wait_ms"`
	ControlLockWait float64 `json:"control_longest_lock_wait_ms"`
	WaitedFor       string  `json:"waited_for,omitempty"`
	LockWaitsOver   int     `json:"lock_waits_over_20_ms"`
	Deadlocks       int     `json:"deadlocks"`
}

func measureOnline(ctx context.Context, l *lab, size sizes) (findings, error) {
	e, err := l.engineServer(ctx)
	if err != nil {
		return findings{}, err
	}
	var one, two []onlineRun
	for i := range size.pairs + 1 {
		jobs, runs := 1, &one
		if i == size.pairs {
			jobs, runs = 2, &two
		}
		run, err := e.playUpgrade(ctx, size, jobs)
		if err != nil {
			return onlineFindings(one, two), err
		}
		fmt.Fprintf(l.progress, "%-12s jobs %d: %.1f s, p99.9 %.1f ms, quiet %.1f, control %.1f: ratio %.2f\n", "online", jobs, run.Seconds,
			run.Engine.P999, run.Quiet.P999, run.Control.P999, run.ratio())
		*runs = append(*runs, run)
	}
	return onlineFindings(one, two), nil
}

func onlineFindings(one, two []onlineRun) findings {
	all := slices.Concat(one, two)
	never := target{is: atMost, worst: true}
	short := target{is: atMost, limit: 20, worst: true, longOnly: true}
	found := findings{figures: []figure{
		{what: "calls that failed, up to and including contract", values: each(all, func(r onlineRun) float64 { return float64(r.Failed) }), target: never},
		{what: "wrong answers", values: each(all, func(r onlineRun) float64 { return float64(r.Wrong) }), target: never},
		{what: "dead-locks", values: each(all, func(r onlineRun) float64 { return float64(r.Deadlocks) }), target: never},
		{
			what: "longest wait of the engine's clients for a lock, by the server's log", unit: " ms", target: short,
			values: each(all, func(r onlineRun) float64 { return r.LongestLockWait }),
		},
		{
			what: "the same of the control's clients, whose tables nobody upgrades", unit: " ms",
			values: each(all, func(r onlineRun) float64 { return r.ControlLockWait }),
		},
		{
			what: "exclusive lock of contract, at most", unit: " ms", target: short,
			values: each(all, func(r onlineRun) float64 { return r.ExclusiveLock }),
		},
		{
			what: "p99.9 of calls in the upgrade, by the larger of before and control", values: each(one, onlineRun.ratio),
			target: target{is: atMost, limit: 2, longOnly: true},
		},
		{what: "p99.9 with two jobs, by the larger of before and control", values: each(two, onlineRun.ratio)},
		{what: "slowest call in the upgrade", unit: " ms", values: each(one, func(r onlineRun) float64 { return r.Engine.Max })},
		{what: "slowest call of the control meanwhile", unit: " ms", values: each(one, func(r onlineRun) float64 { return r.Control.Max })},
		{what: "time of the upgrade under load", unit: " s", values: each(one, func(r onlineRun) float64 { return r.Seconds })},
		{what: "time of the upgrade under load, with two jobs", unit: " s", values: each(two, func(r onlineRun) float64 { return r.Seconds })},
	}}
	found.figures = slices.DeleteFunc(found.figures, func(f figure) bool { return len(f.values) == 0 }) // of runs that failed
	for _, run := range all {
		found.runs = append(found.runs, run)
	}
	return found
}

func each(runs []onlineRun, value func(onlineRun) float64) []float64 {
	values := make([]float64, len(runs))
	for i, run := range runs {
		values[i] = value(run)
	}
	return values
}

// playUpgrade upgrades a copy of the tasks while an engine is played against it.
func (e *engines) playUpgrade(ctx context.Context, size sizes, jobs int) (run onlineRun, err error) {
	err = e.withCopy(ctx, size.tasks, func(url string, conn *pgx.Conn) error {
		run, err = e.playUpgradeOf(ctx, url, conn, size, jobs)
		return err
	})
	return run, err
}

func (e *engines) playUpgradeOf(ctx context.Context, url string, conn *pgx.Conn, size sizes, jobs int) (onlineRun, error) {
	g, err := e.playGame(ctx, url, conn)
	if err != nil {
		return onlineRun{}, err
	}
	defer g.abandon(ctx)
	if err := g.spend(ctx, warmUp, min(warmTime, size.quiet)); err != nil {
		return onlineRun{}, err
	}
	if err := g.spend(ctx, quiet, size.quiet); err != nil {
		return onlineRun{}, err
	}
	watch := holdWatch{url: url}
	var failure error
	ran, err := e.upgrade(ctx, url, func(event event) {
		failure = errors.Join(failure, g.follow(ctx, event, &watch))
	}, append([]string{"--to", "contract"}, jobsFlag(jobs)...)...)
	held, watchErr := watch.end()
	if err := errors.Join(err, failure, watchErr); err != nil {
		return onlineRun{}, err
	}
	if ran.proved == 0 {
		return onlineRun{}, errors.New("the upgrade wrote no receipt")
	}
	if err := g.spend(ctx, after, size.after); err != nil {
		return onlineRun{}, err
	}
	played, err := g.end(ctx)
	if err != nil {
		return onlineRun{}, err
	}
	run := onlineRun{
		Tasks: size.tasks, Jobs: jobs, Phases: played.phases, Course: played.course,
		ExclusiveLock: milliseconds(held), Seconds: ran.took.Seconds(), Peak: ran.peak, Proved: ran.proved,
	}
	return run.judged(played), nil
}

// jobsFlag leaves one job to the program's own default.
func jobsFlag(jobs int) []string {
	if jobs == 1 {
		return nil
	}
	return []string{"--jobs", fmt.Sprint(jobs)}
}

// follow gives the play the phases of the upgrade, and has the lock watched while contract takes it.
func (g *game) follow(ctx context.Context, e event, watch *holdWatch) error {
	switch {
	case e.Event == "action_started" && e.Phase != g.phase:
		if err := g.enter(ctx, e.Phase); err != nil {
			return err
		}
		if e.Phase == "contract" {
			return watch.begin(ctx)
		}
	case e.Event == "step_finished" && e.Step.Phase == "contract":
		_, err := watch.end()
		return err
	}
	return nil
}

// judged sums up what was played in the upgrade's course. Failed calls and wrong answers count at any time: they could come of what
// the upgrade left behind.
func (r onlineRun) judged(played played) onlineRun {
	ofUpgrade := func(name string) bool { return !slices.Contains([]string{warmUp, quiet, after}, name) }
	r.Quiet, _ = played.latencies(func(name string) bool { return name == quiet })
	r.Engine, r.Control = played.latencies(ofUpgrade)
	for _, p := range played.phases {
		r.Failed += p.Failed
		r.Wrong += p.Wrong
		if ofUpgrade(p.Name) {
			r.WAL += p.WAL
			r.LongestLockWait = max(r.LongestLockWait, p.LongestLockWait)
			r.ControlLockWait = max(r.ControlLockWait, p.ControlLockWait)
			r.LockWaitsOver += p.LockWaitsOver
		}
		r.Deadlocks += p.Deadlocks
	}
	return r
}
