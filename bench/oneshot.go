package main

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade"
)

// oneShotRun is what clients notice when all is done at once.
type oneShotRun struct {
	Tasks   int           `json:"tasks"`
	Phases  []playedPhase `json:"phases"`
	Seconds float64       `json:"transaction_seconds"`
	// Slowest is the call that waited longest; Delayed is how many took a second or more.
	Slowest float64 `json:"slowest_seconds"`
	Delayed int     `json:"delayed"`
	Failed  int     `json:"failed"`
	Wrong   int     `json:"wrong"`
	WAL     int64   `json:"wal_bytes"`
	Course  course  `json:"seconds"`
}

// drains are the places where a migration waits for transactions from before it. In one transaction with them it would wait for
// clients that wait for it.
var drains = regexp.MustCompile(`(?m)^SELECT coco\.require_drained\(\d+\);$`)

// measureOneShot runs coco's own migrations up to and including contract in one transaction, without batches and under an exclusive
// lock from the start, while an engine is played.
func measureOneShot(ctx context.Context, l *lab, size sizes) (findings, error) {
	e, err := l.engineServer(ctx)
	if err != nil {
		return findings{}, err
	}
	script, err := oneShotScript()
	if err != nil {
		return findings{}, err
	}
	var run oneShotRun
	err = e.withCopy(ctx, size.tasks, func(url string, conn *pgx.Conn) error {
		run, err = e.playOneShot(ctx, url, conn, size, script)
		return err
	})
	if err != nil {
		return findings{}, err
	}
	return findings{
		figures: []figure{
			{what: "all in one transaction: longest that a call waited", values: []float64{run.Slowest}, unit: " s"},
			{what: "all in one transaction: calls that took a second or more", values: []float64{float64(run.Delayed)}},
			{what: "all in one transaction: calls that failed", values: []float64{float64(run.Failed)}},
		},
		runs: []any{run},
	}, nil
}

func oneShotScript() (string, error) {
	files, err := fs.Sub(sql.Schema, "schema")
	if err != nil {
		return "", fmt.Errorf("read the migrations: %w", err)
	}
	chain, err := upgrade.LoadChain(files)
	if err != nil {
		return "", err
	}
	var script strings.Builder
	script.WriteString("BEGIN;\nLOCK TABLE public.async_tasks IN ACCESS EXCLUSIVE MODE;\n")
	for _, step := range chain.Ups() {
		if step.Version <= chain.End(upgrade.Contract) {
			script.WriteString(drains.ReplaceAllString(step.SQL, "") + "\n")
		}
	}
	script.WriteString("COMMIT;\n")
	return script.String(), nil
}

func (e *engines) playOneShot(ctx context.Context, url string, conn *pgx.Conn, size sizes, script string) (oneShotRun, error) {
	g, err := e.playGame(ctx, url, conn)
	if err != nil {
		return oneShotRun{}, err
	}
	defer g.abandon(ctx)
	if err := g.spend(ctx, warmUp, min(warmTime, size.quiet)); err != nil {
		return oneShotRun{}, err
	}
	if err := g.spend(ctx, quiet, size.quiet); err != nil {
		return oneShotRun{}, err
	}
	if err := g.enter(ctx, "one transaction"); err != nil {
		return oneShotRun{}, err
	}
	start := time.Now()
	if _, err := conn.PgConn().Exec(ctx, script).ReadAll(); err != nil {
		return oneShotRun{}, fmt.Errorf("run the migrations in one transaction: %w", err)
	}
	took := time.Since(start)
	if err := g.spend(ctx, after, size.after); err != nil {
		return oneShotRun{}, err
	}
	played, err := g.end(ctx)
	if err != nil {
		return oneShotRun{}, err
	}
	run := oneShotRun{Tasks: size.tasks, Phases: played.phases, Seconds: round(took.Seconds()), Course: played.course}
	for _, p := range played.phases {
		run.Slowest = max(run.Slowest, p.Engine.Max/1000)
		run.Failed += p.Failed
		run.Wrong += p.Wrong
		if p.Name == "one transaction" {
			run.WAL = p.WAL
		}
	}
	for _, s := range played.engine {
		if s.Latency >= time.Second {
			run.Delayed++
		}
	}
	return run, nil
}
