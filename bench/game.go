package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/play"
)

// game is a played engine beside which something is measured, phase by phase.
type game struct {
	*play.Engine
	server *engines
	conn   *pgx.Conn
	phase  string
	wal    []int64 // where the write-ahead log was when a phase began
	over   bool
}

// played is what came out of a game.
type played struct {
	report          play.Report
	phases          []playedPhase
	course          course
	engine, control []play.Sample
}

// latency is that of some calls, in milliseconds, from the moment they were due.
type latency struct {
	Calls int     `json:"calls"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	P999  float64 `json:"p999_ms"`
	Max   float64 `json:"max_ms"`
}

// course is how slow calls were in each second of a play: the seconds without a call have none.
type course struct {
	EngineP99  []float64 `json:"engine_p99_ms"`
	EngineMax  []float64 `json:"engine_max_ms"`
	ControlP99 []float64 `json:"control_p99_ms"`
	ControlMax []float64 `json:"control_max_ms"`
}

func (e *engines) playGame(ctx context.Context, url string, conn *pgx.Conn) (*game, error) {
	engine, err := play.Start(ctx, play.Options{URL: url, Seed: 2, Adopt: adopted})
	if err != nil {
		return nil, err
	}
	return &game{Engine: engine, server: e, conn: conn}, nil
}

// enter begins a phase.
func (g *game) enter(ctx context.Context, phase string) error {
	g.phase = phase
	g.Phase(phase)
	return g.readWAL(ctx)
}

func (g *game) readWAL(ctx context.Context) error {
	var at int64
	if err := g.conn.QueryRow(ctx, `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint`).Scan(&at); err != nil {
		return fmt.Errorf("read where the server's log is: %w", err)
	}
	g.wal = append(g.wal, at)
	return nil
}

// spend is a phase in which nothing is done but played.
func (g *game) spend(ctx context.Context, phase string, d time.Duration) error {
	if err := g.enter(ctx, phase); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// abandon ends the play where nobody asks what came out.
func (g *game) abandon(ctx context.Context) {
	if !g.over {
		_, _ = g.Stop(context.WithoutCancel(ctx))
	}
}

func (g *game) end(ctx context.Context) (played, error) {
	g.over = true
	err := g.readWAL(ctx)
	report, stopErr := g.Stop(ctx)
	if err := errors.Join(err, stopErr); err != nil {
		return played{}, err
	}
	p := played{report: report}
	p.engine, p.control = g.Samples()
	named := report.Phases[len(report.Phases)-(len(g.wal)-1):] // the play's own first phase has no name here
	begin := named[0].Begin
	for i, of := range named {
		phase := playedPhase{
			Name: of.Name, Begin: round(of.Begin.Sub(begin).Seconds()), Seconds: round(of.End.Sub(of.Begin).Seconds()),
			Failed: of.Failed + of.Control.Failed, Wrong: of.Wrong + of.Control.Wrong, WAL: g.wal[i+1] - g.wal[i],
		}
		phase.Engine, phase.Control = p.latencies(func(name string) bool { return name == of.Name })
		if err := phase.readLocks(g.server.LogPath(), of.Begin, of.End); err != nil {
			return played{}, err
		}
		p.phases = append(p.phases, phase)
	}
	p.course = newCourse(p, begin, named[len(named)-1].End)
	return p, nil
}

// readLocks adds what the server's log says about the clients' locks.
func (p *playedPhase) readLocks(log string, begin, end time.Time) error {
	waits, err := play.Waits(log, play.Application, begin, end)
	if err != nil {
		return err
	}
	control, err := play.Waits(log, play.ControlApplication, begin, end)
	p.LongestLockWait, p.WaitedFor, p.LockWaitsOver = milliseconds(waits.Longest), waits.LongestFor, waits.Over20ms
	p.ControlLockWait = milliseconds(control.Longest)
	p.Deadlocks = waits.Deadlocks // of all applications
	return err
}

// latencies are those of the calls that were due in some phases.
func (p played) latencies(in func(name string) bool) (engine, control latency) {
	pick := func(samples []play.Sample) latency {
		var took []float64
		for _, s := range samples {
			for _, phase := range p.report.Phases {
				if in(phase.Name) && !s.Due.Before(phase.Begin) && s.Due.Before(phase.End) {
					took = append(took, milliseconds(s.Latency))
				}
			}
		}
		return newLatency(took)
	}
	return pick(p.engine), pick(p.control)
}

func newLatency(took []float64) latency {
	slices.Sort(took)
	at := func(share float64) float64 {
		if len(took) == 0 {
			return 0
		}
		return round(took[max(0, int(math.Ceil(share*float64(len(took))))-1)])
	}
	return latency{Calls: len(took), P50: at(0.5), P99: at(0.99), P999: at(0.999), Max: at(1)}
}

func newCourse(p played, begin, end time.Time) course {
	seconds := int(math.Ceil(end.Sub(begin).Seconds()))
	split := func(samples []play.Sample) (p99, slowest []float64) {
		took := make([][]float64, seconds)
		for _, s := range samples {
			if i := int(math.Floor(s.Due.Sub(begin).Seconds())); i >= 0 && i < seconds {
				took[i] = append(took[i], milliseconds(s.Latency))
			}
		}
		for _, second := range took {
			l := newLatency(second)
			p99, slowest = append(p99, l.P99), append(slowest, l.Max)
		}
		return p99, slowest
	}
	var c course
	c.EngineP99, c.EngineMax = split(p.engine)
	c.ControlP99, c.ControlMax = split(p.control)
	return c
}

// round keeps a thousandth: what is kept for a plot need not be longer.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }

// middle is the run in the middle of an order.
func middle[T any](runs []T, value func(T) float64) T {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b T) int { return cmp.Compare(value(a), value(b)) })
	return sorted[(len(sorted)-1)/2]
}
