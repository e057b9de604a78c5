package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// linearRun is an upgrade up to and including contract that nothing disturbs.
type linearRun struct {
	Tasks   int     `json:"tasks"`
	Seconds float64 `json:"seconds"`
	Peak    int64   `json:"program_peak_memory_bytes"`
	WAL     int64   `json:"wal_bytes"`
}

func (r linearRun) perTask() float64 { return r.Seconds * 1e6 / float64(r.Tasks) }

// measureLinear upgrades a hundredth, a tenth and all of the tasks, in turn.
func measureLinear(ctx context.Context, l *lab, size sizes) (findings, error) {
	e, err := l.engineServer(ctx)
	if err != nil {
		return findings{}, err
	}
	var found findings
	var small, medium, large []linearRun
	for range size.rounds {
		for _, of := range []struct {
			tasks int
			runs  *[]linearRun
		}{{size.tasks / 100, &small}, {size.tasks / 10, &medium}, {size.tasks, &large}} {
			run, err := e.upgradeAlone(ctx, of.tasks)
			if err != nil {
				return findings{}, err
			}
			fmt.Fprintf(l.progress, "%-12s %d tasks: %.2f s, %.1f MB of memory\n", "linear", run.Tasks, run.Seconds, mebibytes(run.Peak))
			*of.runs = append(*of.runs, run)
			found.runs = append(found.runs, run)
		}
	}
	by := func(a, b []linearRun, value func(linearRun) float64) []float64 {
		ratios := make([]float64, len(a))
		for i := range a {
			ratios[i] = value(a[i]) / value(b[i])
		}
		return ratios
	}
	values := func(runs []linearRun, value func(linearRun) float64) (all []float64) {
		for _, run := range runs {
			all = append(all, value(run))
		}
		return all
	}
	peak := func(r linearRun) float64 { return float64(r.Peak) }
	found.figures = []figure{
		{
			what:   fmt.Sprintf("time of a task among %s, by that among %s", thousands(size.tasks), thousands(size.tasks/10)),
			values: by(large, medium, linearRun.perTask), target: target{is: atMost, limit: 1.5, longOnly: true},
		},
		{
			what:   fmt.Sprintf("time of a task among %s, by that among %s", thousands(size.tasks/10), thousands(size.tasks/100)),
			values: by(medium, small, linearRun.perTask),
		},
		{
			what:   fmt.Sprintf("peak memory of the program for %s tasks, by that for %s", thousands(size.tasks), thousands(size.tasks/100)),
			values: by(large, small, peak), target: target{is: atMost, limit: 1.25, longOnly: true},
		},
		{what: fmt.Sprintf("time of an upgrade of %s tasks", thousands(size.tasks)), unit: " s", values: values(large, func(r linearRun) float64 { return r.Seconds })},
		{
			what: fmt.Sprintf("peak memory of the program for %s tasks", thousands(size.tasks)), unit: " MB",
			values: values(large, func(r linearRun) float64 { return mebibytes(r.Peak) }),
		},
		{what: "log (WAL) of a task", unit: " KB", values: values(large, func(r linearRun) float64 { return float64(r.WAL) / float64(r.Tasks) / 1024 })},
	}
	return found, nil
}

func (e *engines) upgradeAlone(ctx context.Context, tasks int) (run linearRun, err error) {
	err = e.withCopy(ctx, tasks, func(url string, conn *pgx.Conn) error {
		var before, now int64
		const at = `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint`
		if err := conn.QueryRow(ctx, at).Scan(&before); err != nil {
			return fmt.Errorf("read where the server's log is: %w", err)
		}
		ran, err := e.upgrade(ctx, url, func(event) {}, "--to", "contract")
		if err != nil {
			return err
		}
		if ran.proved != int64(tasks) {
			return fmt.Errorf("the receipt names %d tasks, there were %d", ran.proved, tasks)
		}
		if err := conn.QueryRow(ctx, at).Scan(&now); err != nil {
			return fmt.Errorf("read where the server's log is: %w", err)
		}
		run = linearRun{Tasks: tasks, Seconds: round(ran.took.Seconds()), Peak: ran.peak, WAL: now - before}
		return nil
	})
	return run, err
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
