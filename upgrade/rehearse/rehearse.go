// Package rehearse runs the plan of an upgrade on a throw-away copy of a database's schema, with generated rows, and says which locks
// each step took on tables that were there before, and how long it took. The database itself is only read, and of its rows nothing but
// what coco and the engine keep about versions: parameters of commands never leave it.
package rehearse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/enginedb"
	"github.com/ovirt/coco/sql"
	"github.com/ovirt/coco/upgrade"
)

// ErrUndeclared says that a step took a lock on a table of the engine that the plan does not name, or a stronger one.
var ErrUndeclared = errors.New("undeclared lock")

// ErrScratch says that no copy can be made on the server that Options.Scratch names.
var ErrScratch = errors.New("unusable scratch server")

// Limits of a rehearsal.
const (
	// DefaultTasks is how many tasks are generated at most when Options.Tasks leaves it open.
	DefaultTasks = 10_000
	// MaxTasks is how many may be asked for.
	MaxTasks = 1_000_000
	// DefaultTimeLimit is how long a rehearsal may take.
	DefaultTimeLimit = 15 * time.Minute
)

// Options say what is rehearsed, and where.
type Options struct {
	// Config is how to connect to the database that is to be upgraded; package connect makes one. Required.
	Config *pgx.ConnConfig
	// Scratch is how to connect, as a superuser, to a server on which a database is created for the copy and dropped in the end. Nil:
	// a server is started for it, which needs PostgreSQL's server programs.
	Scratch *pgx.ConnConfig
	// To is the phase to stop after, as for Up or Down. Down rehearses the way back.
	To   upgrade.Phase
	Down bool
	// Tasks is how many tasks are generated; 0 for as many as the database has, DefaultTasks at most.
	Tasks int
	// TimeLimit bounds everything; 0 is DefaultTimeLimit.
	TimeLimit time.Duration
	// Migrations and ToolVersion are those of upgrade.Options.
	Migrations  fs.FS
	ToolVersion string
	// Observe, when set, is told what happens on the copy, in the goroutine of the call.
	Observe func(upgrade.Event)
	// Doing, when set, is told in a few words what is being done before and between: copying the schema, making rows.
	Doing func(string)
	// Before and After, when set, are called with a connection to the copy as its superuser, before the plan's first action and behind its
	// last one. The connection is closed when they return. An error ends the rehearsal.
	Before, After func(context.Context, *pgx.Conn) error
}

// Result is what a rehearsal found. Times and locks are those of the copy, on generated rows.
type Result struct {
	From      int64             `json:"from"`
	To        int64             `json:"to"`
	Direction upgrade.Direction `json:"direction"`
	// Server and Scratch are the versions of PostgreSQL of the database and of the copy.
	Server  string `json:"server_version"`
	Scratch string `json:"scratch_version"`
	// Tasks is how many tasks were generated.
	Tasks int `json:"generated_tasks"`
	// Steps are the plan's actions that were run, in their order.
	Steps []Step        `json:"steps"`
	Took  time.Duration `json:"took_ns"`
	// Notes say in what the copy differs from the database.
	Notes []string `json:"notes"`
}

// Step is an action of the plan, and what was seen while it ran.
type Step struct {
	Number  int           `json:"number"`
	Kind    upgrade.Kind  `json:"kind"`
	Phase   upgrade.Phase `json:"phase"`
	Version int64         `json:"version"`
	Name    string        `json:"name"`
	// Time is how long it took, Estimate what the plan says for so many rows.
	Time     time.Duration `json:"time_ns"`
	Estimate time.Duration `json:"estimate_ns"`
	// Transactions is how many it committed.
	Transactions int `json:"transactions"`
	// Declared are the locks that the plan names, Locks those that were seen, the strongest on each table.
	Declared []upgrade.Lock `json:"declared"`
	Locks    []Lock         `json:"locks"`
	// Outside says that the locks were looked at from outside, now and then: there may have been others, held for a moment.
	Outside bool `json:"watched_from_outside,omitempty"`
}

// Lock is a lock that was seen.
type Lock struct {
	upgrade.Lock

	// Held is how long it was held at most: from the beginning of the statement that took it to the end of its transaction, in the
	// longest one of the step.
	Held time.Duration `json:"held_at_most_ns"`
	// Declared says that the plan names it, or a stronger one.
	Declared bool `json:"declared"`
}

// Run rehearses what Up, or Down, would do now. Where that is nothing, the result has no steps, and no copy is made. A step that locks
// what it does not declare is ErrUndeclared, once everything has been run. With an error the result says how far it came.
func Run(ctx context.Context, options Options) (Result, error) {
	return within(ctx, options.TimeLimit, "Rehearse with fewer tasks.", (&rehearsal{Options: options}).run)
}

// within bounds a rehearsal.
func within(ctx context.Context, limit time.Duration, hint string, run func(context.Context) (Result, error)) (Result, error) {
	limit = cmp.Or(limit, DefaultTimeLimit)
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	result, err := run(limited)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return result, &upgrade.Error{
			Cause: limited.Err(), Reason: fmt.Sprintf("the rehearsal was not done after %s", limit), Hint: hint,
		}
	}
	return result, err
}

// rehearsal is one call of Run.
type rehearsal struct {
	Options

	live    live
	scratch *scratch
	result  Result
	as      string // a role that is to be there also if the schema does not name it
}

func (r *rehearsal) run(ctx context.Context) (result Result, err error) {
	if r.Migrations == nil {
		if r.Migrations, err = fs.Sub(sql.Schema, "schema"); err != nil {
			return r.result, fmt.Errorf("open the migrations: %w", err)
		}
	}
	r.doing("taking a sample")
	plan, err := r.plan(ctx, r.Config)
	if err != nil {
		return r.result, err
	}
	r.result = Result{From: plan.From, To: plan.To, Direction: plan.Direction, Steps: []Step{}, Notes: []string{}}
	if len(plan.Steps) == 0 {
		return r.result, nil
	}
	if err := r.prepare(ctx, plan); err != nil {
		return r.result, errors.Join(err, r.scratch.remove(ctx))
	}
	err = r.perform(ctx)
	return r.result, errors.Join(err, r.scratch.remove(ctx))
}

// plan asks what would be done to a database.
func (r *rehearsal) plan(ctx context.Context, config *pgx.ConnConfig) (upgrade.Plan, error) {
	upgrader, err := upgrade.New(upgrade.Options{Config: config, Migrations: r.Migrations, ToolVersion: r.ToolVersion})
	if err != nil {
		return upgrade.Plan{}, err
	}
	if r.Down {
		return upgrader.PlanDown(ctx, r.To)
	}
	return upgrader.PlanUp(ctx, r.To)
}

// prepare makes the copy and takes it to where the database stands.
func (r *rehearsal) prepare(ctx context.Context, plan upgrade.Plan) error {
	if err := r.copy(ctx); err != nil {
		return err
	}
	return r.fill(ctx, plan)
}

// copy makes the copy.
func (r *rehearsal) copy(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, r.Config)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("begin to read the database: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if r.live, err = lookAt(ctx, tx, r.Scratch != nil); err != nil {
		return err
	}
	if r.as != "" && !slices.Contains(r.live.roles, r.as) {
		r.live.roles = append(r.live.roles, r.as)
	}
	r.result.Server = r.live.version
	r.doing("starting a server for the copy")
	if r.scratch, err = newScratch(ctx, r.Scratch, r.live); err != nil {
		if r.Scratch != nil {
			err = &unusable{err}
		}
		return err
	}
	r.result.Scratch = r.scratch.version
	if major := majorIn(r.scratch.version); major != r.live.major {
		r.note(fmt.Sprintf("the copy is on PostgreSQL %d, the database on %d: their times, and their locks, may differ", major, r.live.major))
	}
	r.doing("copying the schema")
	return r.copySchema(ctx, tx)
}

// fill puts rows in: as an engine wrote them, before the upgrade. A copy that is further is taken back first, and forward again.
func (r *rehearsal) fill(ctx context.Context, plan upgrade.Plan) error {
	if plan.From > 0 || plan.Dirty != nil {
		r.doing("taking the copy back")
		upgrader, err := r.upgrader(r.Migrations, nil, nil)
		if err != nil {
			return err
		}
		options := upgrade.DownOptions{AcceptDrift: true, DiscardCommands: true, Force: true, ReconnectBudget: -1}
		if _, err := upgrader.Down(ctx, options); err != nil {
			return fmt.Errorf("take the copy back to before the upgrade: %w", err)
		}
	}
	r.doing("making rows")
	r.result.Tasks = cmp.Or(r.Tasks, int(min(plan.Tasks, DefaultTasks)))
	err := r.scratch.connected(ctx, func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, `SET search_path = public`); err != nil {
			return err
		}
		var engines bool // an empty database is upgraded too
		if err := conn.QueryRow(ctx, `SELECT to_regclass('async_tasks') IS NOT NULL`).Scan(&engines); err != nil || !engines {
			r.result.Tasks = 0
			return err
		}
		if err := enginedb.Generate(ctx, conn, rowsLike(plan, r.result.Tasks)); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, `ANALYZE public.async_tasks`); err != nil {
			return err
		}
		var err error
		r.scratch.tables, err = tablesOf(ctx, conn)
		return err
	})
	if err != nil {
		return fmt.Errorf("generate rows: %w", err)
	}
	if plan.From == 0 {
		return nil
	}
	r.doing("taking the copy to where the database is")
	upgrader, err := r.upgrader(until{r.Migrations, plan.From}, nil, nil)
	if err != nil {
		return err
	}
	if _, err := upgrader.Up(ctx, upgrade.UpOptions{ReconnectBudget: -1}); err != nil {
		return fmt.Errorf("take the copy to where the database is: %w", err)
	}
	r.note("a database that is upgraded in part is rehearsed from a copy that went the same way: what clients have written since, and how far " +
		"an interrupted copying of rows came, is not in it")
	for _, a := range plan.Steps {
		if a.Kind == upgrade.KindMend || a.Kind == upgrade.KindMoveIn {
			r.note("what up and down put right first is not rehearsed: the copy does not need it")
			break
		}
	}
	return nil
}

// rowsLike describes rows about as long as those that were sampled. None of their values is known here.
func rowsLike(plan upgrade.Plan, tasks int) enginedb.GenerateOptions {
	const (
		class           = 60 // bytes of the name of a class
		shortest, most  = 200, 1 << 20
		textsOfOneTask  = 2
		shorter, longer = 0.4, 1.6 // of the mean
	)
	options := enginedb.GenerateOptions{Tasks: tasks, Seed: 1, WithoutPools: true}
	if plan.Tasks > 0 && plan.Bytes > 0 {
		text := float64(plan.Bytes)/float64(plan.Tasks)/textsOfOneTask - class
		text = min(max(text, shortest), most)
		options.MinText, options.MaxText = int(shorter*text), int(longer*text)
	}
	return options
}

// perform works the plan off on the copy.
func (r *rehearsal) perform(ctx context.Context) error {
	plan, err := r.plan(ctx, r.scratch.config)
	if err != nil {
		return fmt.Errorf("plan for the copy: %w", err)
	}
	if err := r.call(ctx, r.Before); err != nil {
		return err
	}
	watch := &watch{tables: r.scratch.tables, plan: plan, result: &r.result, pass: r.Observe}
	upgrader, err := r.upgrader(r.Migrations, watch.observe, watch.inspect)
	if err != nil {
		return err
	}
	started := time.Now()
	if r.Down {
		_, err = upgrader.Down(ctx, upgrade.DownOptions{To: r.To, DiscardCommands: true, ReconnectBudget: -1})
	} else {
		_, err = upgrader.Up(ctx, upgrade.UpOptions{To: r.To, ReconnectBudget: -1})
	}
	r.result.Took = time.Since(started)
	if err != nil {
		return fmt.Errorf("on the copy: %w", err)
	}
	if err := r.call(ctx, r.After); err != nil {
		return err
	}
	return r.result.undeclared()
}

func (r *rehearsal) call(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	if do == nil {
		return nil
	}
	return r.scratch.connected(ctx, func(conn *pgx.Conn) error { return do(ctx, conn) })
}

func (r *rehearsal) upgrader(
	files fs.FS, observe func(upgrade.Event), inspect func(context.Context, pgx.Tx) error,
) (*upgrade.Upgrader, error) {
	return upgrade.New(upgrade.Options{
		Config: r.scratch.config, Migrations: files, ToolVersion: r.ToolVersion, Observe: observe, Inspect: inspect,
	})
}

func (r *rehearsal) doing(what string) {
	if r.Doing != nil {
		r.Doing(what)
	}
}

func (r *rehearsal) note(text string) { r.result.Notes = append(r.result.Notes, text) }

// undeclared returns ErrUndeclared if a step locked what the plan does not say.
func (r *Result) undeclared() error {
	for _, step := range r.Steps {
		for _, lock := range step.Locks {
			if lock.Declared {
				continue
			}
			return &upgrade.Error{
				Kind: ErrUndeclared,
				Reason: fmt.Sprintf("step %d (%s %s) takes a lock that the plan does not declare: %s",
					step.Number, step.Kind, step.Name, lock),
				Hint: `The head of the migration has to say so: "-- coco:lock TABLE MODE".`,
			}
		}
	}
	return nil
}
