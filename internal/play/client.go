package play

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/internal/enginedb"
)

// client is one connection. Its tasks are its own, their commands are everybody's.
type client struct {
	config    *pgx.ConnConfig
	conn      *pgx.Conn
	names     procedures
	commands  *commands
	texts     *enginedb.Texts
	random    *rand.Rand
	newValues func(*rand.Rand, string) [columnCount]*string // nil: its own
	allEvery  int                                           // one in how many calls reads all tasks; 0: none
	byEntity  bool                                          // whether tasks are read by their entity

	slots    []string         // the ids that it works with, of tasks that are there and others
	tasks    map[string]*task // the tasks that are there
	known    []*task          // tasks that nobody changes
	adopted  map[string]bool  // tasks that were there before the play
	vdsm     []string
	entities []string
	next     *call // what follows from the last call

	unsettled *state // what was believed before a call that was lost together with the connection

	start    time.Time // of the play
	samples  []sample
	failures []remark
	wrong    []remark
	counts   *counts
}

// counts are what a workload has done so far.
type counts struct{ calls, failed, wrong atomic.Int64 }

// sample is a call that was made.
type sample struct {
	due       time.Duration // since the begin of the play
	latency   time.Duration
	procedure procedure
}

// remark is something to tell about a call.
type remark struct {
	due  time.Duration
	text string
}

// state is what a client believes of the database.
type state struct {
	slots []string
	tasks map[string]*task
}

func (c *client) state() state { return state{slices.Clone(c.slots), maps.Clone(c.tasks)} }

func (c *client) restore(s state) { c.slots, c.tasks, c.next = s.slots, s.tasks, nil }

// work makes the calls that are due now, and returns how many these were: one by itself, or some in a transaction. Only the first is due
// at a moment of the schedule; each of the others is due when the one before it has been answered. The first also waits for BEGIN,
// the last for COMMIT.
func (c *client) work(ctx context.Context, due time.Duration) int {
	if err := c.reconnect(ctx); err != nil {
		c.fail(due, "connect", err)
		c.took(due, due, find)
		return 1
	}
	calls, end := 1, ""
	if c.random.IntN(3) == 0 {
		calls, end = 2+c.random.IntN(3), "COMMIT"
		if c.random.IntN(20) == 0 {
			end = "ROLLBACK"
		}
	}
	before := c.state()
	began := due
	for i := range calls {
		next := c.choose()
		err := c.call(ctx, due, next, i == 0 && end != "")
		if err == nil && i == calls-1 && end != "" {
			_, err = c.conn.Exec(ctx, end)
		}
		c.took(due, began, next.procedure)
		began = time.Since(c.start)
		if err != nil {
			c.fail(due, c.names[next.procedure], err)
			c.undo(ctx, before)
			return i + 1
		}
	}
	if end == "ROLLBACK" {
		c.restore(before)
	}
	return calls
}

// call makes one call and judges its answer. What the model becomes if it succeeds, the model is then.
func (c *client) call(ctx context.Context, due time.Duration, next call, begin bool) error {
	var err error
	if begin {
		_, err = c.conn.Exec(ctx, "BEGIN")
	}
	var got answer
	if err == nil {
		got, err = ask(ctx, c.conn, c.names[next.procedure], next.arguments)
	}
	if err == nil {
		if wrong := next.wrong(got); wrong != "" {
			c.counts.wrong.Add(1)
			c.wrong = append(c.wrong, remark{due, c.names[next.procedure] + ": " + wrong})
		}
	}
	if next.apply != nil && (err == nil || c.conn.IsClosed()) { // a lost call may have done its work
		next.apply()
	}
	return err
}

// undo follows a failure. When the connection is lost, nobody knows whether the server has done what was asked: reconnect finds out.
func (c *client) undo(ctx context.Context, before state) {
	if !c.conn.IsClosed() && c.conn.PgConn().TxStatus() != 'I' {
		_, _ = c.conn.Exec(ctx, "ROLLBACK") // where it fails the connection is lost
	}
	if c.conn.IsClosed() {
		c.unsettled, c.next = &before, nil
		return
	}
	c.restore(before)
}

// reconnect does nothing while there is a connection. A new one is tried for until the context ends.
func (c *client) reconnect(ctx context.Context) error {
	for c.conn == nil || c.conn.IsClosed() {
		conn, err := pgx.ConnectConfig(ctx, c.config)
		if err == nil {
			if err = c.names.prepare(ctx, conn); err == nil {
				c.conn = conn
				break
			}
			_ = conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
	return c.settle(ctx)
}

// settle finds out whether what was lost together with a connection had been done: all of it or nothing.
func (c *client) settle(ctx context.Context) error {
	if c.unsettled == nil {
		return nil
	}
	done, undone := c.state(), *c.unsettled
	ids := maps.Clone(done.tasks)
	maps.Copy(ids, undone.tasks)
	for _, believed := range []state{done, undone} {
		c.restore(believed)
		right, err := c.isRight(ctx, ids)
		if err != nil {
			c.restore(done)
			return err
		}
		if right {
			c.unsettled = nil
			return nil
		}
	}
	c.unsettled = nil
	c.counts.wrong.Add(1)
	c.wrong = append(c.wrong, remark{time.Since(c.start), "what a lost connection was asked for is done in part"})
	return nil
}

// isRight reports whether the database has these tasks and their links as the client believes.
func (c *client) isRight(ctx context.Context, ids map[string]*task) (bool, error) {
	var calls []call
	for id := range ids {
		calls = append(calls, c.find(id))
	}
	if c.byEntity {
		for _, entity := range c.entities {
			calls = append(calls, c.findByEntity(entity))
		}
	}
	for _, next := range calls {
		got, err := ask(ctx, c.conn, c.names[next.procedure], next.arguments)
		if err != nil {
			return false, err
		}
		if next.wrong(got) != "" {
			return false, nil
		}
	}
	return true, nil
}

func (c *client) took(due, began time.Duration, procedure procedure) {
	c.counts.calls.Add(1)
	c.samples = append(c.samples, sample{due: due, latency: time.Since(c.start) - began, procedure: procedure})
}

func (c *client) fail(due time.Duration, name string, err error) {
	c.counts.failed.Add(1)
	c.failures = append(c.failures, remark{due, name + ": " + failure(err)})
}

// failure says why a call failed, without what was passed to it.
func failure(err error) string {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		for cause := err; cause != nil; cause = errors.Unwrap(cause) { // what wraps it names addresses
			err = cause
		}
		return "no answer: " + err.Error()
	}
	text := fmt.Sprintf("%s %s", refused.Code, refused.Message)
	if refused.Code == "40P01" {
		text += ": " + refused.Detail // who waited for whom
	}
	return text
}
