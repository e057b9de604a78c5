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
	running bool
	step    Step
	looking time.Duration          // in this step, at locks: it is in no time that is told
	open    map[int32]*transaction // by the process that runs it
}

// transaction is one that has not ended yet.
type transaction struct {
	began   string
	looked  time.Time // when it was looked at last, or began
	looking time.Duration
	held    map[upgrade.Lock]held
}

// held is since when a lock was held at most, and how long had been spent on looking until then.
type held struct {
	since   time.Time
	looking time.Duration
}

// observe follows the actions. Whatever a run tells next, it tells when its transactions have ended.
func (w *watch) observe(event upgrade.Event) {
	w.mu.Lock()
	w.release()
	switch e := event.(type) {
	case upgrade.ActionStarted:
		w.begin(e)
	case upgrade.ActionFinished:
		w.step.Time = e.Duration - w.looking
		for i := range w.step.Locks { // the moments are those of two clocks
			w.step.Locks[i].Held = min(w.step.Locks[i].Held, w.step.Time)
		}
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
	w.running, w.looking = true, 0
	w.step = Step{
		Number: e.Number, Kind: e.Kind, Phase: e.Phase, Version: e.Version, Name: e.Name, Declared: []upgrade.Lock{}, Locks: []Lock{},
	}
	if i := e.Number - 1; i < len(w.plan.Steps) {
		w.step.Declared, w.step.Estimate = w.plan.Steps[i].Locks, w.plan.Steps[i].Time
	}
}

// inspect is called in each transaction, behind each statement of a migration. A lock that was not held before was taken since then.
func (w *watch) inspect(ctx context.Context, tx pgx.Tx) error {
	const query = `SELECT l.relation, coalesce(l.mode, ''), pg_backend_pid(), t.began, t.age FROM (
			SELECT transaction_timestamp()::text AS began,
				extract(epoch FROM statement_timestamp() - transaction_timestamp())::double precision AS age) AS t
		LEFT JOIN pg_catalog.pg_locks AS l ON l.locktype = 'relation' AND l.granted AND l.pid = pg_backend_pid()
			AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`
	started := time.Now()
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return fmt.Errorf("look at the locks: %w", err)
	}
	var (
		oid         *uint32
		pid         int32
		mode, began string
		age         float64
		seen        []upgrade.Lock
	)
	_, err = pgx.ForEachRow(rows, []any{&oid, &mode, &pid, &began, &age}, func() error {
		if oid != nil && w.tables[*oid] != "" {
			seen = append(seen, upgrade.Lock{Table: w.tables[*oid], Mode: upgrade.ParseLockMode(mode)})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look at the locks: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.running {
		return nil
	}
	t := w.open[pid]
	if t == nil || t.began != began {
		w.end(t)
		t = &transaction{
			began: began, looked: started.Add(-time.Duration(age * float64(time.Second))), held: map[upgrade.Lock]held{},
		}
		w.open[pid] = t
		w.step.Transactions++
	}
	for _, lock := range seen {
		if _, known := t.held[lock]; !known {
			t.held[lock] = held{t.looked, t.looking}
		}
	}
	t.looked = time.Now()
	t.looking += t.looked.Sub(started)
	w.looking += t.looked.Sub(started)
	return nil
}

// release counts the locks of all transactions, which have ended.
func (w *watch) release() {
	for _, t := range w.open {
		w.end(t)
	}
	w.open = map[int32]*transaction{}
}

// end counts the locks of a transaction that has just ended.
func (w *watch) end(t *transaction) {
	if t == nil {
		return
	}
	for lock, h := range t.held {
		w.count(lock, time.Since(h.since)-(t.looking-h.looking))
	}
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
