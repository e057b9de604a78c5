package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// backfillRun is the backfill of an upgrade and a plain copy of the same columns, one after the other on the same database.
type backfillRun struct {
	Tasks int    `json:"tasks"`
	Jobs  int    `json:"jobs"`
	First string `json:"first"` // which of them was first
	// Copy fills command_entities, with primary key and indexes in the end. Backfill is all of it: the ledger, with hashes of every value
	// for the proof and for the way back, and the archive too.
	Copy     copyTime `json:"copy"`
	Backfill copyTime `json:"backfill"`
	Plain    copyTime `json:"create_table_as"`
}

// copyTime is what a copy took: on the clock, and of all processors of the server.
type copyTime struct {
	Seconds   float64 `json:"seconds"`
	Processor float64 `json:"processor_seconds"`
}

// byProcessor is the copy's rows in a second of processor time, by the plain copy's; byClock the same by the clock. The other two are
// those of the whole backfill.
func (r backfillRun) byProcessor() float64    { return r.Plain.Processor / r.Copy.Processor }
func (r backfillRun) byClock() float64        { return r.Plain.Seconds / r.Copy.Seconds }
func (r backfillRun) allByProcessor() float64 { return r.Plain.Processor / r.Backfill.Processor }
func (r backfillRun) allByClock() float64     { return r.Plain.Seconds / r.Backfill.Seconds }

// plainCopy reads and writes what the backfill has to read and write, and nothing else: no key, no index, no link between rows.
const plainCopy = `CREATE TABLE plain_copy AS SELECT task_id, command_id, root_command_id,
	action_parameters, action_params_class, task_parameters, task_params_class FROM public.async_tasks`

func measureBackfill(ctx context.Context, l *lab, size sizes) (findings, error) {
	e, err := l.engineServer(ctx)
	if err != nil {
		return findings{}, err
	}
	var found findings
	runs := map[int][]backfillRun{}
	for round := range size.rounds {
		for _, jobs := range []int{1, 2} {
			var run backfillRun
			err := e.withCopy(ctx, size.tasks, func(url string, conn *pgx.Conn) error {
				run, err = e.compareCopies(ctx, url, conn, jobs, round%2 == 0)
				return err
			})
			if err != nil {
				return findings{}, err
			}
			run.Tasks = size.tasks
			fmt.Fprintf(l.progress, "%-12s jobs %d: %.2f s (processor %.2f), of it the copy %.2f s (processor %.2f), plain copy %.2f s (processor %.2f)\n",
				"backfill", jobs, run.Backfill.Seconds, run.Backfill.Processor, run.Copy.Seconds, run.Copy.Processor, run.Plain.Seconds,
				run.Plain.Processor)
			runs[jobs] = append(runs[jobs], run)
			found.runs = append(found.runs, run)
		}
	}
	ratios := func(jobs int, value func(backfillRun) float64) (values []float64) {
		for _, run := range runs[jobs] {
			values = append(values, value(run))
		}
		return values
	}
	found.figures = []figure{
		{
			what: "commands copied and indexed, rows in a second of processor time, by CREATE TABLE AS", values: ratios(1, backfillRun.byProcessor),
			target: target{is: atLeast, limit: 0.6, longOnly: true},
		},
		{what: "commands copied and indexed, speed by the clock, by CREATE TABLE AS", values: ratios(1, backfillRun.byClock)},
		{
			what: "commands copied and indexed with two jobs, speed by the clock, by CREATE TABLE AS", values: ratios(2, backfillRun.byClock),
			target: target{is: atLeast, limit: 1.1, longOnly: true},
		},
		{
			what:   "commands copied and indexed with two jobs, rows in a second of processor time, by CREATE TABLE AS",
			values: ratios(2, backfillRun.byProcessor),
		},
		{what: "whole backfill, rows in a second of processor time, by CREATE TABLE AS", values: ratios(1, backfillRun.allByProcessor)},
		{what: "whole backfill, speed by the clock, by CREATE TABLE AS", values: ratios(1, backfillRun.allByClock)},
		{what: "whole backfill with two jobs, speed by the clock, by CREATE TABLE AS", values: ratios(2, backfillRun.allByClock)},
	}
	return found, nil
}

func (e *engines) compareCopies(ctx context.Context, url string, conn *pgx.Conn, jobs int, plainFirst bool) (backfillRun, error) {
	run := backfillRun{Jobs: jobs, First: "backfill"}
	plain := func() (err error) { run.Plain, err = e.copyPlainly(ctx, conn); return err }
	backfill := func() (err error) { run.Copy, run.Backfill, err = e.backfill(ctx, url, conn, jobs); return err }
	first, second := backfill, plain
	if plainFirst {
		run.First, first, second = "create_table_as", plain, backfill
	}
	if err := first(); err != nil {
		return run, err
	}
	return run, second()
}

func (e *engines) copyPlainly(ctx context.Context, conn *pgx.Conn) (took copyTime, err error) {
	if _, err := conn.Exec(ctx, `CHECKPOINT`); err != nil { // so that neither writes what the other has left
		return took, fmt.Errorf("prepare a plain copy: %w", err)
	}
	end, err := e.startClock()
	if err != nil {
		return took, err
	}
	if _, err := conn.Exec(ctx, plainCopy); err != nil {
		return took, fmt.Errorf("copy the columns plainly: %w", err)
	}
	if took, err = end(); err != nil {
		return took, err
	}
	if _, err := conn.Exec(ctx, `DROP TABLE plain_copy`); err != nil {
		return took, fmt.Errorf("remove the plain copy: %w", err)
	}
	return took, nil
}

// backfill clocks the action of the plan that copies, not the steps before and after it, and of that the part that fills command_entities:
// it ends where the first batch of the ledger begins, which makes it a little longer than it is.
func (e *engines) backfill(ctx context.Context, url string, conn *pgx.Conn, jobs int) (part, all copyTime, err error) {
	if _, err := conn.Exec(ctx, `CHECKPOINT`); err != nil {
		return part, all, fmt.Errorf("prepare the backfill: %w", err)
	}
	var end func() (copyTime, error)
	var failure error
	_, err = e.upgrade(ctx, url, func(event event) {
		switch {
		case failure != nil:
		case event.Event == "action_started" && event.Kind == "backfill":
			end, failure = e.startClock()
		case event.Event == "batch_done" && event.Work == "survey" && part.Seconds == 0:
			part, failure = end()
		case event.Event == "action_finished" && event.Kind == "backfill":
			all, failure = end()
		}
	}, append([]string{"--to", "backfill"}, jobsFlag(jobs)...)...)
	if err == nil {
		err = failure
	}
	if err == nil && (part.Seconds == 0 || all.Seconds == 0) {
		err = errors.New("the upgrade reported no backfill")
	}
	return part, all, err
}

// startClock returns what tells the time since.
func (e *engines) startClock() (end func() (copyTime, error), err error) {
	processor, err := e.processorTime()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	return func() (copyTime, error) {
		took := time.Since(start)
		now, err := e.processorTime()
		return copyTime{Seconds: took.Seconds(), Processor: (now - processor).Seconds()}, err
	}, nil
}
