package upgrade

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/driver"
)

// Default limits of what the copy may do to others.
const (
	// DefaultMaxLag is the replication lag above which the copy rests, DefaultLagBudget how long it does so at a time.
	DefaultMaxLag    = 10 * time.Second
	DefaultLagBudget = 10 * time.Minute
	// waitersBudget is how long the copy rests at a time for clients that wait for a lock: it is seldom the reason that they do.
	waitersBudget = time.Second
)

const (
	// lookEvery is how often a backfill looks around.
	lookEvery = 250 * time.Millisecond
	// restPause is the mean time between two looks while it rests.
	restPause = 50 * time.Millisecond
)

// standbys are those that replay what the server writes, with how far they are behind. One that has replayed everything shows for some
// seconds how far it was behind before. Without the right to see more than their number, state is NULL.
const standbys = `SELECT pid, usename::text, application_name,
	extract(epoch FROM CASE WHEN replay_lsn < pg_current_wal_lsn() THEN replay_lag END)::double precision AS lag, state IS NULL
FROM pg_catalog.pg_stat_replication
WHERE state IS NULL OR state IN ('streaming', 'catchup') AND replay_lsn IS NOT NULL
ORDER BY lag DESC NULLS LAST, pid`

// waitingClients wait for a lock on a table that the engine uses, or on a row of one: a session that waits for a row has locked the table.
const waitingClients = `SELECT a.pid, a.usename::text, a.application_name,
	extract(epoch FROM clock_timestamp() - a.xact_start)::double precision, NULL::text
FROM pg_catalog.pg_stat_activity a
WHERE a.pid IN (SELECT w.pid FROM pg_catalog.pg_locks w
		JOIN pg_catalog.pg_locks held ON held.pid = w.pid AND held.locktype = 'relation'
		WHERE NOT w.granted AND w.pid <> ALL ($1::integer[])
			AND held.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
			AND held.relation IN (SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
				WHERE c.relkind = 'r' AND (n.nspname = 'coco'
					OR n.nspname = 'public' AND c.relname IN ('async_tasks', 'async_tasks_entities', 'command_entities'))))
ORDER BY a.pid
LIMIT 10`

// pacer makes the workers of a backfill rest while others suffer. They share one: whoever looks first makes the others wait.
type pacer struct {
	maxLag, lagBudget time.Duration

	mu      sync.Mutex
	looked  time.Time
	unknown bool // it was said that lag cannot be seen
}

func newPacer(options UpOptions) *pacer {
	p := &pacer{maxLag: options.MaxLag, lagBudget: options.LagBudget}
	if p.maxLag == 0 {
		p.maxLag = DefaultMaxLag
	}
	if p.lagBudget <= 0 {
		p.lagBudget = DefaultLagBudget
	}
	return p
}

// wait returns when nothing speaks against another batch.
func (p *pacer) wait(ctx context.Context, r *run) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if time.Since(p.looked) < lookEvery {
		return nil
	}
	defer func() { p.looked = time.Now() }()
	if err := p.waitForStandbys(ctx, r); err != nil {
		return err
	}
	return p.waitForClients(ctx, r)
}

// waitForStandbys rests until no standby is further behind than it may be.
func (p *pacer) waitForStandbys(ctx context.Context, r *run) error {
	if p.maxLag < 0 {
		return nil
	}
	var reports throttle
	for started := time.Now(); ; {
		behind, err := p.behind(ctx, r)
		if err != nil || len(behind) == 0 {
			return err
		}
		waited := time.Since(started)
		if waited >= p.lagBudget {
			return &Error{
				Kind: ErrBusy,
				Reason: fmt.Sprintf("a standby is %s behind, more than the %s that it may be, and has not caught up in %s: %s",
					behind[0].Lag.Round(time.Second), p.maxLag, waited.Round(time.Millisecond), behind[0].Session),
				Hint: "Run the same command again when it has caught up, or let it be further behind.",
			}
		}
		if reports.due() {
			r.observe(Throttled{
				Reason: ThrottledByLag, Waited: waited, Budget: p.lagBudget, Lag: behind[0].Lag, MaxLag: p.maxLag, Sessions: sessionsOf(behind),
			})
		}
		if err := driver.Pause(ctx, jitter(restPause)); err != nil {
			return err
		}
	}
}

// standby is one that is behind.
type standby struct {
	Session

	Lag time.Duration
}

func sessionsOf(behind []standby) []Session {
	sessions := make([]Session, 0, len(behind))
	for _, one := range behind {
		sessions = append(sessions, one.Session)
	}
	return sessions
}

// behind returns the standbys that are further behind than they may be, the last one first.
func (p *pacer) behind(ctx context.Context, r *run) ([]standby, error) {
	rows, err := r.conn.Query(ctx, standbys)
	if err != nil {
		return nil, fmt.Errorf("look how far standbys are behind: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (standby, error) {
		var (
			s                 standby
			user, application *string
			lag               *float64
			unknown           bool
		)
		err := row.Scan(&s.PID, &user, &application, &lag, &unknown)
		if unknown && !p.unknown {
			p.unknown = true
			r.observe(lagUnknown(r.config.User))
		}
		if user != nil && application != nil {
			s.User, s.Application = *user, *application
		}
		if lag != nil {
			s.Lag = time.Duration(*lag * float64(time.Second))
		}
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("look how far standbys are behind: %w", err)
	}
	var behind []standby
	for _, one := range all {
		if one.Lag > p.maxLag {
			behind = append(behind, one)
		}
	}
	return behind, nil
}

func lagUnknown(user string) Warning {
	return Warning{
		Message: "how far standbys are behind cannot be seen: the copy does not wait for them",
		Hint:    "GRANT pg_monitor TO " + pgx.Identifier{user}.Sanitize(),
	}
}

// waitForClients rests while clients wait for a lock longer than from one look to the next. Short waits are the engine's daily bread.
func (p *pacer) waitForClients(ctx context.Context, r *run) error {
	var (
		reports throttle
		before  map[int32]bool
	)
	for started := time.Now(); time.Since(started) < waitersBudget; {
		sessions, err := driver.Sessions(ctx, r.conn, waitingClients, r.mates)
		if err != nil {
			return fmt.Errorf("look who waits for a lock: %w", err)
		}
		if before == nil && len(sessions) == 0 {
			return nil
		}
		waiting, still := map[int32]bool{}, []Session{}
		for _, session := range sessions {
			waiting[session.PID] = true
			if before[session.PID] {
				still = append(still, session)
			}
		}
		if before != nil && len(still) == 0 {
			return nil
		}
		if len(still) > 0 && reports.due() {
			r.observe(Throttled{Reason: ThrottledByWaits, Waited: time.Since(started), Budget: waitersBudget, Sessions: still})
		}
		before = waiting
		if err := driver.Pause(ctx, jitter(restPause)); err != nil {
			return err
		}
	}
	return nil
}
