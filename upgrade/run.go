package upgrade

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade/driver"
)

const (
	// closePatience bounds the clean end of a connection.
	closePatience = 5 * time.Second
	// retryPause is the mean time between two attempts for a table lock: clients that queued up behind one get through.
	retryPause = 50 * time.Millisecond
	// reportEvery is how often a wait is reported.
	reportEvery = time.Second
)

// limits are the time limits of a run.
type limits struct {
	lockTimeout, lockBudget, drainBudget time.Duration
}

func (l limits) orDefault() limits {
	return limits{
		lockTimeout: cmp.Or(l.lockTimeout, DefaultLockTimeout),
		lockBudget:  cmp.Or(l.lockBudget, DefaultLockBudget),
		drainBudget: cmp.Or(l.drainBudget, DefaultDrainBudget),
	}
}

// run is one connection that holds the run lock from begin to end, for a call that changes the database.
type run struct {
	*Upgrader
	limits
	conn    *pgx.Conn
	driver  *driver.Driver
	migrate *migrate.Migrate
	mates   []int32 // the server processes of all connections that work on the same as this one

	// Of a run that goes on by itself when its connection is lost.
	outage        *outage
	peer          peer
	former        *peer // the lost connection's
	formerIsThere bool  // the server still had its session a moment ago
	flight        *flight
	mended        []ProcedureFinding // by a transaction whose end is not known
	progress      bool               // something was committed over this connection
}

// observe tells the observer.
func (r *run) observe(event Event) { outletOf(r.conn).send(event) }

// hooks run in the transaction of each migration, before and after its body.
type hooks struct {
	before, after func(context.Context, pgx.Tx, driver.Move) error
}

// begin connects and takes the run lock. The caller ends the run with end.
func (u *Upgrader) begin(ctx context.Context, limits limits, hooks hooks) (*run, error) {
	conn, err := u.connect(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{Upgrader: u, limits: limits.orDefault(), conn: conn}
	if err := r.start(ctx, hooks); err != nil {
		r.end(ctx)
		return nil, explain(ctx, err, nil, conn.IsClosed())
	}
	return r, nil
}

func (r *run) start(ctx context.Context, hooks hooks) error {
	if err := settleSession(ctx, r.conn); err != nil {
		return err
	}
	if err := readOnlyProblem(ctx, r.conn); err != nil {
		return err
	}
	if r.outage != nil {
		if err := r.recognise(ctx); err != nil {
			return err
		}
	}
	r.driver = driver.New(ctx, r.conn, driver.Config{
		LockTimeout: r.lockTimeout, RunLockBudget: r.lockBudget, Waiting: r.waitingForRun(), Session: r.settleAgain,
		Ups: entries(r.chain.ups), Downs: entries(r.chain.downs),
		ToolVersion: r.toolVersion, Client: r.client,
		Before: hooks.before, After: r.lastly(hooks.after), Between: r.inspect, Split: Split,
	})
	files, err := iofs.New(r.files, ".")
	if err != nil {
		return fmt.Errorf("open the migrations: %w", err)
	}
	r.migrate, err = migrate.NewWithInstance("coco", files, "coco", r.driver)
	if err != nil {
		return fmt.Errorf("open the migrations: %w", err)
	}
	return r.driver.Lock()
}

// lastly lets whoever wants to see each transaction of a run do so behind a hook.
func (r *run) lastly(after func(context.Context, pgx.Tx, driver.Move) error) func(context.Context, pgx.Tx, driver.Move) error {
	if r.inspect == nil {
		return after
	}
	return func(ctx context.Context, tx pgx.Tx, move driver.Move) error {
		if after != nil {
			if err := after(ctx, tx, move); err != nil {
				return err
			}
		}
		return r.inspect(ctx, tx)
	}
}

// settleAgain is settleSession for the session that a migration has left.
func (r *run) settleAgain(batch *pgx.Batch) {
	queueKeepAlive(batch)
	driver.QueueSession(batch, r.conn)
}

// giveWay makes a session that only reads fail before the server looks for dead-locks, which could end a run that is at work.
func (r *run) giveWay(ctx context.Context) error { return driver.SettleSession(ctx, r.conn) }

func (r *run) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
	defer cancel()
	if r.driver != nil {
		_ = r.driver.Unlock() //nolint:contextcheck // it has its own; closing the connection gives the lock back as well
	}
	_ = r.conn.Close(ctx)
}

// explain adds to an error what a caller may act on.
func (r *run) explain(ctx context.Context, err error, step *Step) error {
	err = explain(ctx, err, step, r.conn.IsClosed())
	var busy *Error
	if errors.As(err, &busy) && lockFailure(busy.Cause) && len(busy.Sessions) == 0 && r.conn.PgConn().TxStatus() == 'I' {
		busy.Sessions, _ = r.lockHolders(ctx) // a better message, nothing else
	}
	return err
}

// flushLog returns when everything that was committed is on the disk. Steps that lock a table of the engine let go of it before that; nobody
// is told that they are done before it.
const flushLog = `SELECT pg_catalog.pg_logical_emit_message(true, 'coco', '')`

// apply takes one step, again and again while a lock in its way is not to be had.
func (r *run) apply(ctx context.Context, step Step, count *tally) (Applied, error) {
	count.n++
	r.observe(StepStarted{Step: step, N: count.n, Total: count.total})
	started := time.Now()
	steps := 1
	if step.Direction == DirectionDown {
		steps = -1
	}
	r.flight = &flight{step: step, started: started, begun: r.driver.Begun}
	if err := r.retry(ctx, step, func() error { return r.migrate.Steps(steps) }); err != nil {
		return Applied{}, err
	}
	if _, err := r.conn.Exec(context.WithoutCancel(ctx), flushLog); err != nil {
		return Applied{}, r.explain(ctx, err, &step)
	}
	r.flight, r.progress = nil, true
	applied := Applied{Step: step, Duration: time.Since(started)}
	r.tell(applied, count)
	return applied, nil
}

func (r *run) tell(applied Applied, count *tally) {
	r.observe(StepFinished{Step: applied.Step, N: count.n, Total: count.total, Duration: applied.Duration})
}

// retry calls do until it succeeds, fails for another reason than a lock, or the lock budget is used up.
func (r *run) retry(ctx context.Context, step Step, do func() error) error {
	var reports throttle
	started := time.Now()
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil {
			return nil
		}
		if !lockFailure(err) || ctx.Err() != nil {
			return r.explain(ctx, err, &step)
		}
		waited := time.Since(started)
		if waited >= r.lockBudget {
			busy := &Error{
				Kind: ErrBusy, Step: &step, Cause: r.cause(err),
				Reason: fmt.Sprintf("a lock was not to be had in %s (%d attempts)", waited.Round(time.Millisecond), attempt),
				Hint:   "Run the same command again when there is less going on, or allow it more time.",
			}
			busy.Sessions, _ = r.lockHolders(ctx) // a better message, nothing else
			return busy
		}
		if reports.due() {
			holders, err := r.lockHolders(ctx)
			if err != nil {
				return r.explain(ctx, err, &step)
			}
			r.observe(WaitingForLock{Step: step, Attempt: attempt, Waited: waited, Budget: r.lockBudget, Holders: holders})
		}
		if err := driver.Pause(ctx, jitter(retryPause)); err != nil {
			return r.explain(ctx, err, &step)
		}
	}
}

func (r *run) cause(err error) error {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return cleaned(pgErr)
	}
	return err
}

// lockFailure says whether a transaction was rolled back only because another one was in its way.
func lockFailure(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch pgErr.Code {
	case "55P03", "40P01", "40001":
		return true
	}
	return false
}

// vanishTime is how long something that was there a moment ago may be missing: its removal is committed by then, and seen.
const vanishTime = 2 * time.Second

// vanished says whether something was dropped between a look into the catalog and its use.
func vanished(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch pgErr.Code {
	case "42P01", "42883", "42703", "3F000": // undefined table, function, column, schema
		return true
	}
	return false
}

// look repeats what only reads while a run that is at work is in its way: it holds a lock, or has just dropped what was seen.
func look[T any](ctx context.Context, do func() (T, error)) (T, error) {
	for started := time.Now(); ; {
		result, err := do()
		again := lockFailure(err) && time.Since(started) < DefaultLockBudget || vanished(err) && time.Since(started) < vanishTime
		if !again {
			return result, err
		}
		if err := driver.Pause(ctx, jitter(retryPause)); err != nil {
			return result, err
		}
	}
}

// transact runs do in a transaction that is finished even when the caller's context ends in the middle of it, within reason: what
// it does is short, and stopping between two of them loses nothing.
func (r *run) transact(ctx context.Context, do func(context.Context, pgx.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(closePatience, cancel) })
	defer stop()

	tx, err := r.conn.BeginTx(inner, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
		defer cancel()
		_ = tx.Rollback(ctx) // a no-op behind the commit
	}()
	if err := driver.Settle(inner, tx, r.lockTimeout); err != nil {
		return err
	}
	if err := do(inner, tx); err != nil {
		return err
	}
	if r.inspect != nil {
		if err := r.inspect(inner, tx); err != nil {
			return err
		}
	}
	if err := tx.Commit(inner); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	r.progress = true
	return nil
}

func (r *run) waitingForRun() func(driver.Wait) {
	var reports throttle
	return func(w driver.Wait) {
		switch {
		case !reports.due():
		case r.isFormer(w.Holders):
			r.observe(r.outage.event("the server has not ended the lost session yet, which holds the run lock: " + w.Holders[0].String()))
		default:
			r.observe(WaitingForRun{Attempt: w.Attempt, Waited: w.Waited, Budget: r.lockBudget, Holders: w.Holders})
		}
	}
}

// throttle lets the first report through and then one in a while.
type throttle struct{ last time.Time }

func (t *throttle) due() bool {
	if time.Since(t.last) < reportEvery {
		return false
	}
	t.last = time.Now()
	return true
}

// jitter spreads a pause, so that two who wait for each other do not meet again and again.
func jitter(mean time.Duration) time.Duration {
	return mean/2 + rand.N(mean) //nolint:gosec // nothing secret about it
}
