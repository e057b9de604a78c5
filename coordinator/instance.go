package coordinator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// beats is how many heartbeats go into a lease, and retries how many attempts while they fail: when the server has been away, the
// others wait for no longer than the lease after it is back.
const (
	beats   = 3
	retries = 12
)

// heartbeat renews the lease until its context ends or the instance has ended.
func (c *Coordinator) heartbeat(ctx context.Context) {
	defer close(c.beaten)
	conn := &connection{c: c}
	defer conn.drop(context.WithoutCancel(ctx))
	failing := false
	for wait := c.options.Lease / beats; sleep(ctx, jitter(wait)); {
		alive, err := c.beat(ctx, conn)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrNotUpgraded): // the upgrade was taken back, and all instances with it
			c.lose(ctx)
			return
		case err != nil:
			if !failing { // once for each outage
				c.log().WarnContext(ctx, "heartbeat failed, trying on", "error", err)
			}
			failing, wait = true, c.options.Lease/retries
		case !alive:
			c.lose(ctx)
			return
		default:
			if failing {
				c.log().InfoContext(ctx, "heartbeat is back")
			}
			failing, wait = false, c.options.Lease/beats
		}
	}
}

// beat renews the lease once. It gives up in time for another attempt within the lease. One statement outside a transaction: whatever
// becomes of this process, it leaves no lock behind.
func (c *Coordinator) beat(ctx context.Context, conn *connection) (alive bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Lease/beats)
	defer cancel()
	err = c.call(ctx, "renew lease", 0, func() error {
		db, err := conn.get(ctx)
		if err != nil {
			return err
		}
		alive, err = gen.New(db).RenewLease(ctx, c.id)
		return err
	})
	if err != nil {
		conn.drop(ctx)
	}
	return alive, err
}

// connection is one beside the pool, made as the pool makes its own: a pool that is used up must not cost the lease, and listening
// needs one for itself. It is made when it is asked for, again after a drop.
type connection struct {
	c *Coordinator
	// made is called on every new connection, if set.
	made func(context.Context, *pgx.Conn) error
	conn *pgx.Conn
}

func (k *connection) get(ctx context.Context) (*pgx.Conn, error) {
	if k.conn != nil && !k.conn.IsClosed() {
		return k.conn, nil
	}
	config := k.c.pool.Config()
	if config.BeforeConnect != nil {
		if err := config.BeforeConnect(ctx, config.ConnConfig); err != nil {
			return nil, fmt.Errorf("prepare a connection: %w", err)
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if config.AfterConnect != nil {
		err = config.AfterConnect(ctx, conn)
	}
	if err == nil && k.made != nil {
		err = k.made(ctx, conn)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare a connection: %w", err), conn.Close(ctx))
	}
	k.conn = conn
	return conn, nil
}

// drop closes the connection. It does not wait for a server that does not answer.
func (k *connection) drop(ctx context.Context) {
	if k.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_ = k.conn.Close(ctx) // it is given up
	k.conn = nil
}

// jitter spreads what many instances do at intervals: a tenth more or less.
func jitter(interval time.Duration) time.Duration {
	return interval*9/10 + rand.N(interval/5) //nolint:gosec // no secret hangs on it
}

// sleep waits. False: the context has ended.
func sleep(ctx context.Context, interval time.Duration) bool {
	timer := time.NewTimer(interval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
