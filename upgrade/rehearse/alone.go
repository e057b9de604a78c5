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
	looking, stop := context.WithCancel(ctx)
	locks, ended := map[upgrade.Lock]seen{}, make(chan error, 1)
	go func() { ended <- watchOther(looking, other, int32(conn.PgConn().PID()), watch.tables, locks) }() //nolint:gosec // it is one of the server's
	err = conn.PgConn().Exec(ctx, file.SQL).Close()
	stop()
	failed := <-ended
	if err != nil {
		return errors.Join(err, other.Close(context.WithoutCancel(ctx)))
	}
	if failed != nil && looking.Err() == nil {
		return fmt.Errorf("look at the locks: %w", failed)
	}
	watch.mu.Lock()
	defer watch.mu.Unlock()
	watch.step.Transactions++
	for lock, s := range locks {
		watch.count(lock, s.last.Sub(s.first))
	}
	return other.Close(context.WithoutCancel(ctx))
}

// seen is when a lock was seen first and last.
type seen struct{ first, last time.Time }

// watchOther writes down what another process locks, until its context ends.
func watchOther(ctx context.Context, conn *pgx.Conn, pid int32, tables map[uint32]string, locks map[upgrade.Lock]seen) error {
	const query = `SELECT relation, mode FROM pg_catalog.pg_locks WHERE locktype = 'relation' AND granted AND pid = $1
		AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`
	for ctx.Err() == nil {
		rows, err := conn.Query(ctx, query, pid)
		if err != nil {
			return err
		}
		now := time.Now()
		var (
			oid  uint32
			mode string
		)
		_, err = pgx.ForEachRow(rows, []any{&oid, &mode}, func() error {
			if tables[oid] == "" {
				return nil
			}
			lock := upgrade.Lock{Table: tables[oid], Mode: upgrade.ParseLockMode(mode)}
			s, known := locks[lock]
			if !known {
				s.first = now
			}
			s.last = now
			locks[lock] = s
			return nil
		})
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookPause):
		}
	}
	return nil
}
