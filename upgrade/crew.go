package upgrade

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// outlet is where the events of one connection go, the server's own warnings among them: to the observer, or first to the goroutine
// that may call it.
type outlet struct{ to func(Event) }

func (o *outlet) send(event Event) { o.to(event) }

// outletKey is where a connection keeps its outlet.
const outletKey = "coco.outlet"

// outletOf returns the outlet of a connection; every one of an Upgrader has one.
func outletOf(conn *pgx.Conn) *outlet {
	found, _ := conn.PgConn().CustomData()[outletKey].(*outlet)
	return found
}

// MaxJobs is the most connections that a backfill may use.
const MaxJobs = 16

// crew are the connections that work on one backfill: that of the run, and more of the same kind.
type crew struct {
	*run
	workers []*run
	events  chan Event
}

// hire opens connections beside that of the run, jobs in all. Where they are not to be had, fewer have to do.
func (r *run) hire(ctx context.Context, jobs int) (*crew, error) {
	c := &crew{run: r, workers: []*run{r}, events: make(chan Event)}
	for len(c.workers) < jobs {
		worker, err := r.another(ctx)
		if ctx.Err() != nil {
			c.dismiss(ctx)
			return nil, ctx.Err()
		}
		if err != nil {
			c.warnOfFewer(jobs, err)
			break
		}
		c.workers = append(c.workers, worker)
	}
	for _, worker := range c.workers {
		for _, other := range c.workers {
			worker.mates = append(worker.mates, int32(other.conn.PgConn().PID())) //nolint:gosec // as the server has it
		}
	}
	return c, nil
}

// another opens a connection to the server of the run. It has no driver: it holds no run lock and applies no migration.
func (r *run) another(ctx context.Context) (*run, error) {
	conn, err := r.open(ctx, r.config.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	worker := &run{Upgrader: r.Upgrader, limits: r.limits, conn: conn}
	if err := settleSession(ctx, conn); err != nil {
		worker.end(ctx)
		return nil, worker.explain(ctx, err, nil)
	}
	var since [2]time.Time
	for i, one := range []*run{r, worker} {
		if err := one.conn.QueryRow(ctx, `SELECT pg_postmaster_start_time()`).Scan(&since[i]); err != nil {
			worker.end(ctx)
			return nil, one.explain(ctx, fmt.Errorf("ask which server this is: %w", err), nil)
		}
	}
	if !since[0].Equal(since[1]) { // of several hosts another one answers by now
		worker.end(ctx)
		return nil, errors.New("another server answered")
	}
	return worker, nil
}

func (c *crew) warnOfFewer(jobs int, err error) {
	reason, hint := err.Error(), ""
	if known, ok := errors.AsType[*Error](err); ok {
		reason, hint = known.Reason, known.Hint
	}
	c.observe(Warning{Message: fmt.Sprintf("the copy makes do with %d of %d connections: %s", len(c.workers), jobs, reason), Hint: hint})
}

// dismiss closes the connections that were opened.
func (c *crew) dismiss(ctx context.Context) {
	c.mates = nil
	for _, worker := range c.workers[1:] {
		worker.end(ctx)
	}
}

// work calls do for each connection, all at the same time. What they observe is observed in the goroutine of the call. The first error
// ends the others as an interruption does, between two transactions.
func (c *crew) work(ctx context.Context, observe func(Event), do func(context.Context, *run) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for _, worker := range c.workers {
		outletOf(worker.conn).to = func(event Event) { c.events <- event }
	}
	var (
		all   sync.WaitGroup
		once  sync.Once
		first error
	)
	for _, worker := range c.workers {
		all.Go(func() {
			if err := do(ctx, worker); err != nil {
				once.Do(func() { first = err })
				stop()
			}
		})
	}
	go func() {
		all.Wait()
		close(c.events)
	}()
	for event := range c.events {
		observe(event)
	}
	for _, worker := range c.workers {
		outletOf(worker.conn).to = c.Upgrader.observe
	}
	return first
}
