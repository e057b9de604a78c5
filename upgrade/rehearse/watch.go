package rehearse

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade"
)

// watch writes down what a run does to the copy: from its events when each action begins and ends, and from each of its transactions,
// before it commits, which locks that holds.
type watch struct {
	tables map[uint32]string
	plan   upgrade.Plan
	result *Result
	pass   func(upgrade.Event)

	mu      sync.Mutex // batches may be run over several connections
	step    Step
	open    []held // by transactions that were about to commit
	running bool
}

// held is a lock that a transaction holds which began then.
type held struct {
	lock  upgrade.Lock
	since time.Time
}

// observe follows the actions. Whatever a run tells next, it tells when its transaction has ended.
func (w *watch) observe(event upgrade.Event) {
	w.mu.Lock()
	w.release()
	switch e := event.(type) {
	case upgrade.ActionStarted:
		w.begin(e)
	case upgrade.ActionFinished:
		w.step.Time = e.Duration
		slices.SortStableFunc(w.step.Locks, func(a, b Lock) int {
			if a.Mode.Includes(b.Mode) {
				return -1
			}
			return 1
		})
		w.result.Steps = append(w.result.Steps, w.step)
		w.running = false
	}
	w.mu.Unlock()
	if w.pass != nil {
		w.pass(event)
	}
}

func (w *watch) begin(e upgrade.ActionStarted) {
	w.running = true
	w.step = Step{
		Number: e.Number, Kind: e.Kind, Phase: e.Phase, Version: e.Version, Name: e.Name, Declared: []upgrade.Lock{}, Locks: []Lock{},
	}
	if i := e.Number - 1; i < len(w.plan.Steps) {
		w.step.Declared, w.step.Estimate = w.plan.Steps[i].Locks, w.plan.Steps[i].Time
	}
}

// inspect is called in each transaction that is about to commit.
func (w *watch) inspect(ctx context.Context, tx pgx.Tx) error {
	const query = `SELECT relation, mode, extract(epoch FROM clock_timestamp() - transaction_timestamp())::double precision
		FROM pg_catalog.pg_locks
		WHERE locktype = 'relation' AND granted AND pid = pg_backend_pid()
			AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
		ORDER BY relation, mode`
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return fmt.Errorf("look at the locks: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.release()
	w.step.Transactions++
	var (
		oid  uint32
		mode string
		age  float64
	)
	_, err = pgx.ForEachRow(rows, []any{&oid, &mode, &age}, func() error {
		if table, ok := w.tables[oid]; ok && w.running {
			lock := upgrade.Lock{Table: table, Mode: upgrade.ParseLockMode(mode)}
			w.open = append(w.open, held{lock, time.Now().Add(-time.Duration(age * float64(time.Second)))})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look at the locks: %w", err)
	}
	return nil
}

// release counts the locks of transactions that have ended.
func (w *watch) release() {
	for _, h := range w.open {
		w.count(h.lock, time.Since(h.since))
	}
	w.open = nil
}

// count keeps the strongest lock on a table, and the longest time of any on it that is as strong.
func (w *watch) count(lock upgrade.Lock, took time.Duration) {
	seen := Lock{Lock: lock, Held: took, Declared: slices.ContainsFunc(w.step.Declared, func(declared upgrade.Lock) bool {
		return declared.Table == lock.Table && declared.Mode.Includes(lock.Mode)
	})}
	i := slices.IndexFunc(w.step.Locks, func(other Lock) bool { return other.Table == lock.Table })
	switch {
	case i < 0:
		w.step.Locks = append(w.step.Locks, seen)
	case w.step.Locks[i].Mode == lock.Mode:
		w.step.Locks[i].Held = max(w.step.Locks[i].Held, took)
	case seen.Mode.Includes(w.step.Locks[i].Mode):
		seen.Declared = seen.Declared && w.step.Locks[i].Declared
		w.step.Locks[i] = seen
	default:
		w.step.Locks[i].Declared = w.step.Locks[i].Declared && seen.Declared
	}
}

// tablesOf returns the tables of a database that coco has not made, by oid. Those of public have a bare name, as in a plan.
func tablesOf(ctx context.Context, conn *pgx.Conn) (map[uint32]string, error) {
	rows, err := conn.Query(ctx, `SELECT c.oid, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname
		FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'coco')
			AND (n.nspname, c.relname) <> ('public', 'schema_migrations')`)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	tables := map[uint32]string{}
	var (
		oid  uint32
		name string
	)
	if _, err := pgx.ForEachRow(rows, []any{&oid, &name}, func() error { tables[oid] = name; return nil }); err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	return tables, nil
}
