package upgrade

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade/driver"
)

const (
	// firstReconnect and lastReconnect are the mean pauses between the first and between later attempts to connect again.
	firstReconnect = 50 * time.Millisecond
	lastReconnect  = 5 * time.Second
	// maxLosses is how often a connection may be lost with nothing committed in between: the statement may be what ends it.
	maxLosses = 5
)

// errStandby is the cause where a server is refused for being a standby: after a failover it may be promoted in a moment.
var errStandby = errors.New("standby")

// peer is what a connection leads to: which database of which server, and the server's process for it.
type peer struct {
	System   int64
	Database uint32
	PID      int32
	Since    time.Time // PID and Since together name a process for good
}

func identify(ctx context.Context, conn *pgx.Conn) (peer, error) {
	rows, err := conn.Query(ctx, `SELECT c.system_identifier, d.oid, pg_backend_pid(), a.backend_start
		FROM pg_catalog.pg_control_system() c, pg_catalog.pg_database d, pg_catalog.pg_stat_activity a
		WHERE d.datname = current_database() AND a.pid = pg_backend_pid()`)
	if err != nil {
		return peer{}, fmt.Errorf("ask which server this is: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[peer])
	if err != nil {
		return peer{}, fmt.Errorf("ask which server this is: %w", err)
	}
	return found, nil
}

// flight is a step whose end is not known: the connection was lost before the server's answer came.
type flight struct {
	step    Step
	started time.Time
	begun   func() time.Time // by the server's clock, as it stands in the journal
}

// outage is a time without a connection, together with those right before it in which nothing was committed either.
type outage struct {
	budget  time.Duration
	cause   error
	losses  int           // with nothing committed in between
	spent   time.Duration // of the budget, on earlier losses
	since   time.Time     // of this loss
	attempt int
	reports throttle
}

func newOutage(budget time.Duration) *outage {
	return &outage{budget: cmp.Or(budget, DefaultReconnectBudget)}
}

// begin notes a loss.
func (o *outage) begin(cause error, progress bool) {
	if progress {
		o.losses, o.spent = 0, 0
	}
	o.losses++
	o.cause, o.since, o.attempt, o.reports = cause, time.Now(), 0, throttle{}
}

// end notes that the run goes on.
func (o *outage) end() {
	if !o.since.IsZero() {
		o.spent, o.since = o.spent+time.Since(o.since), time.Time{}
	}
}

func (o *outage) waited() time.Duration { return o.spent + time.Since(o.since) }

func (o *outage) event(reason string) ConnectionLost {
	return ConnectionLost{Reason: reason, Attempt: o.attempt, Waited: o.waited(), Budget: o.budget}
}

// pause is how long to wait before the next attempt.
func (o *outage) pause() time.Duration {
	mean := min(lastReconnect, firstReconnect<<min(o.attempt, 10))
	return min(jitter(mean), max(0, o.budget-o.waited()))
}

// persevere connects, takes the run lock and calls work with a run. Where the connection is lost it begins anew, within the budget; work
// has to look then where the database stands.
func (u *Upgrader) persevere(
	ctx context.Context, limits limits, hooks hooks, budget time.Duration, work func(context.Context, *run) error,
) error {
	conn, err := u.connect(ctx)
	if err != nil {
		return err
	}
	r := &run{Upgrader: u, limits: limits.orDefault(), conn: conn, outage: newOutage(budget)}
	for {
		err := r.start(ctx, hooks)
		if err == nil {
			r.outage.end()
			err = work(ctx, r)
		}
		err = r.explain(ctx, err, nil)
		again := r.outage.budget > 0 && r.lost(err)
		r.end(ctx)
		if !again {
			return err
		}
		if r, err = r.reconnect(ctx, err); err != nil {
			return err
		}
	}
}

// lost says whether an error is only that of the connection, or of a server that is about to take over.
func (r *run) lost(err error) bool {
	var known *Error
	if !errors.As(err, &known) {
		return false
	}
	server, told := errors.AsType[*pgconn.PgError](known.Cause)
	switch {
	case known.Kind == ErrUnreachable: //nolint:errorlint // kinds are compared, not wrapped
		return !told || server.SeverityUnlocalized != "ERROR"
	case r.former != nil && errors.Is(err, errStandby):
		return true
	case r.former != nil && errors.Is(err, ErrBusy):
		return r.isFormer(known.Sessions)
	}
	return known.Kind == nil && r.conn.IsClosed()
}

// reconnect connects again until the budget is used up, and returns a run that has not started yet.
func (r *run) reconnect(ctx context.Context, cause error) (*run, error) {
	o := r.outage
	if o.since.IsZero() { // else it was lost again before it could go on
		o.begin(cause, r.progress)
	}
	former := r.former
	if r.peer.PID != 0 {
		former = &r.peer
	}
	for {
		if o.losses > maxLosses {
			return nil, o.givenUp(fmt.Sprintf("the connection to the database was lost %d times in the same place", o.losses), cause)
		}
		if o.waited() >= o.budget {
			return nil, o.givenUp(fmt.Sprintf("the connection to the database was lost and did not come back within %s", o.budget), cause)
		}
		if o.reports.due() {
			r.observe(o.event(reasonOf(cause)))
		}
		if err := driver.Pause(ctx, o.pause()); err != nil {
			return nil, explain(ctx, err, nil, false)
		}
		o.attempt++
		conn, err := r.connectWithin(ctx, max(time.Second, o.budget-o.waited()))
		if err == nil {
			return &run{
				Upgrader: r.Upgrader, limits: r.limits, conn: conn, outage: o, former: former, flight: r.flight, mended: r.mended,
			}, nil
		}
		if ctx.Err() != nil || !errors.Is(err, ErrUnreachable) || forGood(err) {
			return nil, err
		}
		cause = err
	}
}

// givenUp is the error when the budget is used up, or the connection does not last.
func (o *outage) givenUp(reason string, last error) error {
	err := &Error{Kind: ErrUnreachable, Reason: reason, Hint: again, Cause: last}
	if first, ok := errors.AsType[*Error](o.cause); ok {
		err.Step = first.Step
	}
	if why := reasonOf(last); last != o.cause { //nolint:errorlint // the same error, not one like it
		err.Reason += ": " + why
	} else if why != connectionLost {
		err.Reason += " (" + why + ")"
	}
	return err
}

// reasonOf is the reason of an error alone.
func reasonOf(err error) string {
	var known *Error
	if !errors.As(err, &known) {
		return oneLine(err.Error())
	}
	return known.Reason
}

// forGood says whether every server that answered refused the login, which trying again does not change.
func forGood(err error) bool {
	var known *Error
	if !errors.As(err, &known) {
		return false
	}
	for _, attempt := range attempts(known.Cause) {
		server, told := errors.AsType[*pgconn.PgError](attempt)
		if !told || !strings.HasPrefix(server.Code, "28") && server.Code != "3D000" && server.Code != insufficientPrivilege {
			return false
		}
	}
	return true
}

// recognise sees to it that this is the database that the lost connection led to, and ends what is left of that one.
func (r *run) recognise(ctx context.Context) error {
	var err error
	if r.peer, err = identify(ctx, r.conn); err != nil || r.former == nil {
		return err
	}
	if r.peer.System != r.former.System || r.peer.Database != r.former.Database {
		return &Error{
			Kind:   ErrRefused,
			Reason: "the connection was lost, and what answers now is another database, neither the same one nor a copy that followed it",
			Hint:   "Check where the name of the host leads and run the same command again for the database that is meant.",
		}
	}
	return r.endFormer(ctx)
}

// isFormer says whether sessions are that of the lost connection and no other's.
func (r *run) isFormer(sessions []Session) bool {
	return r.formerIsThere && len(sessions) > 0 &&
		!slices.ContainsFunc(sessions, func(s Session) bool { return s.PID != r.former.PID })
}

// endFormer ends the session of the lost connection where the server has not noticed: it holds the run lock, and nobody reads its answers.
func (r *run) endFormer(ctx context.Context) error {
	found, err := r.conn.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
		WHERE pid = $1 AND backend_start = $2 AND usename = session_user`, r.former.PID, r.former.Since)
	if err != nil {
		return fmt.Errorf("end the session of the lost connection: %w", err)
	}
	r.formerIsThere = found.RowsAffected() > 0
	return nil
}

// landed says whether the step that was on its way when the connection was lost has been committed, and by this run.
func (r *run) landed(now state) (Applied, bool) {
	f := r.flight
	r.flight = nil
	if f == nil {
		return Applied{}, false
	}
	up := f.step.Direction == DirectionUp
	if up != (now.version >= f.step.Version) {
		return Applied{}, false
	}
	applied := Applied{Step: f.step, Duration: time.Since(f.started)}
	for _, row := range slices.Backward(now.journal) {
		if row.Version == f.step.Version && row.Direction == f.step.Direction {
			applied.Duration = row.Duration
			return applied, row.StartedAt.Equal(f.begun())
		}
	}
	return applied, true // the first step, and the last ones on the way back, have no journal
}
