package rehearse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade"
)

// lookPause is how long nobody looks at the locks of a file that is run by itself.
const lookPause = time.Millisecond

// alone runs a file without a transaction around it. Its locks are looked at from outside: one that was held for a moment may not be seen.
func (r *rehearsal) alone(ctx context.Context, conn *pgx.Conn, watch *watch, file File) error {
	r.note(file.Path + " ends its own transactions, or goes with none: its locks were looked at from outside, a thousand times a second at most")
	other, err := pgx.ConnectConfig(ctx, r.scratch.config)
	if err != nil {
		return fmt.Errorf("connect to the copy: %w", err)
	}
	outside := &outside{conn: other, pid: conn.PgConn().PID(), tables: watch.tables, locks: map[upgrade.Lock]seen{}}
	if err := outside.look(ctx); err != nil { // the first one takes longer
		return errors.Join(err, other.Close(context.WithoutCancel(ctx)))
	}
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- outside.watch(ctx, stop) }()
	err = conn.PgConn().Exec(ctx, file.SQL).Close()
	close(stop)
	if err := errors.Join(err, <-ended, other.Close(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	watch.mu.Lock()
	defer watch.mu.Unlock()
	watch.step.Transactions++
	watch.step.Outside = true
	for lock, s := range outside.locks {
		watch.count(lock, s.last.Sub(s.first))
	}
	return nil
}

// seen is when a lock was seen first and last.
type seen struct{ first, last time.Time }

// outside writes down what another process locks.
type outside struct {
	conn   *pgx.Conn
	pid    uint32
	tables map[uint32]string
	locks  map[upgrade.Lock]seen
}

// watch looks until it is to stop.
func (o *outside) watch(ctx context.Context, stop <-chan struct{}) error {
	for {
		if err := o.look(ctx); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-time.After(lookPause):
		}
	}
}

func (o *outside) look(ctx context.Context) error {
	const query = `SELECT relation, mode FROM pg_catalog.pg_locks WHERE locktype = 'relation' AND granted AND pid = $1
		AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`
	rows, err := o.conn.Query(ctx, query, o.pid)
	if err != nil {
		return fmt.Errorf("look at the locks: %w", err)
	}
	var (
		oid  uint32
		mode string
	)
	now := time.Now()
	_, err = pgx.ForEachRow(rows, []any{&oid, &mode}, func() error {
		if o.tables[oid] == "" {
			return nil
		}
		lock := upgrade.Lock{Table: o.tables[oid], Mode: upgrade.ParseLockMode(mode)}
		s, known := o.locks[lock]
		if !known {
			s.first = now
		}
		s.last = now
		o.locks[lock] = s
		return nil
	})
	if err != nil {
		return fmt.Errorf("look at the locks: %w", err)
	}
	return nil
}
