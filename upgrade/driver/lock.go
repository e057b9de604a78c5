package driver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/golang-migrate/migrate/v4/database"
	"github.com/jackc/pgx/v5"
)

const (
	// lockPause is the mean time between two attempts for the run lock.
	lockPause = 200 * time.Millisecond
	// justReleased is how much longer than its budget an attempt may take to find out who else has the run lock now.
	justReleased = time.Second
)

// Session is another client of the database. What may not be seen without more privileges is empty.
type Session struct {
	PID         int32  `json:"pid"`
	User        string `json:"user,omitempty"`
	Application string `json:"application,omitempty"`
	// Age of its transaction, or of the whole session where it holds the run lock; 0 if unknown, in nanoseconds in JSON.
	Age time.Duration `json:"age_ns,omitempty"`
	// Prepared is the name of a prepared transaction, which belongs to no process: PID is 0 then.
	Prepared string `json:"prepared,omitempty"`
}

func (s Session) String() string {
	text := "pid " + strconv.Itoa(int(s.PID))
	if s.Prepared != "" {
		text = "prepared transaction " + strconv.Quote(s.Prepared)
	}
	if s.User != "" {
		text += ", user " + s.User
	}
	if s.Application != "" {
		text += ", " + strconv.Quote(s.Application)
	}
	if s.Age > 0 {
		text += ", for " + s.Age.Round(time.Millisecond).String()
	}
	return text
}

// Wait is one attempt for the run lock that failed.
type Wait struct {
	Attempt int
	Waited  time.Duration
	Holders []Session
}

// HeldError says that somebody else runs migrations on this database, and for how long that was tried.
type HeldError struct {
	Wait
}

func (e *HeldError) Error() string { return "somebody else is running migrations on this database" }

// Is makes it golang-migrate's own error for the same thing.
func (e *HeldError) Is(target error) bool { return target == database.ErrLocked }

// Lock takes the locks that golang-migrate's stock drivers take, without ever queueing for one. Called again it only counts:
// who holds them over a whole run lets golang-migrate lock and unlock inside.
func (d *Driver) Lock() error {
	if d.depth > 0 {
		d.depth++
		return nil
	}
	started := time.Now()
	for attempt := 1; ; attempt++ {
		taken, err := d.tryLock()
		if err != nil {
			return err
		}
		if taken {
			d.depth = 1
			return nil
		}
		wait := Wait{Attempt: attempt, Waited: time.Since(started)}
		if wait.Holders, err = Holders(d.ctx, d.conn); err != nil {
			return err
		}
		if len(wait.Holders) == 0 && wait.Waited < d.config.RunLockBudget+justReleased {
			if err := Pause(d.ctx, lockPause/20); err != nil { // it has just been given back
				return err
			}
			continue
		}
		if wait.Waited >= d.config.RunLockBudget {
			return &HeldError{Wait: wait}
		}
		if d.config.Waiting != nil {
			d.config.Waiting(wait)
		}
		pause := lockPause/2 + rand.N(lockPause) //nolint:gosec // nothing secret about it
		if err := Pause(d.ctx, min(pause, d.config.RunLockBudget-wait.Waited)); err != nil {
			return err
		}
	}
}

// Unlock undoes one Lock; the last one gives the locks back.
func (d *Driver) Unlock() error {
	if d.depth == 0 {
		return database.ErrNotLocked
	}
	d.depth--
	if d.depth > 0 || d.conn.IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(d.ctx), rollbackPatience)
	defer cancel()
	ids, err := lockIDs(ctx, d.conn)
	if err != nil {
		return err
	}
	if _, err := d.conn.Exec(ctx, `SELECT pg_advisory_unlock(id) FROM unnest($1::bigint[]) AS id`, ids); err != nil {
		return fmt.Errorf("give back the run lock: %w", err)
	}
	return nil
}

// tryLock takes both locks or none. A stock driver takes a hash of "/db" when it is opened by URL, and of "db" when it
// is given a connection; they do not exclude each other, so both are needed to exclude either.
func (d *Driver) tryLock() (bool, error) {
	ids, err := lockIDs(d.ctx, d.conn)
	if err != nil {
		return false, err
	}
	for i, id := range ids {
		var taken bool
		if err := d.conn.QueryRow(d.ctx, `SELECT pg_try_advisory_lock($1)`, id).Scan(&taken); err != nil {
			return false, fmt.Errorf("take the run lock: %w", err)
		}
		if taken {
			continue
		}
		if _, err := d.conn.Exec(d.ctx, `SELECT pg_advisory_unlock(id) FROM unnest($1::bigint[]) AS id`, ids[:i]); err != nil {
			return false, fmt.Errorf("give back the run lock: %w", err)
		}
		return false, nil
	}
	return true, nil
}

func lockIDs(ctx context.Context, q Querier) ([]int64, error) {
	var name string
	if err := q.QueryRow(ctx, `SELECT current_database()`).Scan(&name); err != nil {
		return nil, fmt.Errorf("read the database's name: %w", err)
	}
	ids := make([]int64, 0, 2)
	for _, name := range []string{"/" + name, name} {
		text, err := database.GenerateAdvisoryLockId(name, Schema, Table)
		if err != nil {
			return nil, fmt.Errorf("compute the run lock's id: %w", err)
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("compute the run lock's id: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// Holders returns the other sessions that hold one of the run locks, ours or a stock driver's.
func Holders(ctx context.Context, conn *pgx.Conn) ([]Session, error) {
	ids, err := lockIDs(ctx, conn)
	if err != nil {
		return nil, err
	}
	const query = `SELECT DISTINCT l.pid, a.usename::text, a.application_name,
			extract(epoch FROM statement_timestamp() - a.backend_start)::double precision, NULL::text
		FROM pg_catalog.pg_locks l
		LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
		WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid <> pg_backend_pid()
			AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
			AND (l.classid::bigint << 32) + l.objid::bigint = ANY ($1::bigint[])
		ORDER BY l.pid`
	holders, err := Sessions(ctx, conn, query, ids)
	if err != nil {
		return nil, fmt.Errorf("look who holds the run lock: %w", err)
	}
	return holders, nil
}

// Sessions runs a query for pid, user, application, age of the transaction in seconds and name of a prepared transaction.
func Sessions(ctx context.Context, conn *pgx.Conn, query string, args ...any) ([]Session, error) {
	rows, err := conn.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Session, error) {
		var (
			pid                         *int32
			user, application, prepared *string
			age                         *float64
		)
		if err := row.Scan(&pid, &user, &application, &age, &prepared); err != nil {
			return Session{}, err
		}
		return Session{
			PID: known(pid), User: known(user), Application: known(application), Prepared: known(prepared),
			Age: time.Duration(known(age) * float64(time.Second)),
		}, nil
	})
}

func known[T any](value *T) (v T) {
	if value != nil {
		v = *value
	}
	return v
}

// Pause waits, or returns the context's error when that ends first.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
