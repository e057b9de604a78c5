package coordinator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is what the procedures notify when commands have become free.
const channel = "coco_commands"

// watchBatch is how many commands Watch hands out at a time.
const watchBatch = 100

// recoverLeases is for how many leases Watch waits for an answer.
const recoverLeases = 10

// Watch recovers commands of instances that have ended, as long as it runs: first at once, then about twice in a lease, and when the
// server says that some have become free. It calls recovered with each batch that is not empty, one call after the other; what drives a
// command for long is to run in a goroutine that the function starts.
//
// Watch returns the context's error when that ends, recovered's error, or ErrInstanceEnded. While the database cannot be reached it tries
// on. What recovered was not called for, or has returned an error for, stays this instance's own: Unfinished lists it.
func (c *Coordinator) Watch(ctx context.Context, recovered func(context.Context, []*Command) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	hints := make(chan struct{}, 1)
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		c.listen(ctx, hints)
	}()
	defer func() {
		cancel()
		<-listening
	}()
	for {
		if err := c.recoverAll(ctx, recovered); err != nil {
			return err
		}
		timer := time.NewTimer(jitter(c.options.Lease / 2))
		select {
		case <-hints:
		case <-timer.C:
		case <-c.lost:
		case <-c.closing:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// recoverAll hands out all that can be had now. Its error is what ends Watch.
func (c *Coordinator) recoverAll(ctx context.Context, recovered func(context.Context, []*Command) error) error {
	for {
		cmds, err := c.recoverWithin(ctx, recoverLeases*c.options.Lease)
		switch {
		case ctx.Err() != nil && len(cmds) == 0:
			return ctx.Err()
		case errors.Is(err, ErrInstanceEnded):
			return err
		case err != nil:
			c.log().WarnContext(ctx, "recovery failed, trying on", "error", err)
			return nil
		case len(cmds) == 0:
			return nil
		}
		if err := recovered(ctx, cmds); err != nil {
			return err
		}
	}
}

// recoverWithin gives up on a server that does not answer; the next call asks for the same commands.
func (c *Coordinator) recoverWithin(ctx context.Context, patience time.Duration) ([]*Command, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.Recover(ctx, RecoverOptions{Limit: watchBatch})
}

// listen passes the server's hints on until the context ends. Without a connection there are none, and Watch looks now and then all
// the same.
func (c *Coordinator) listen(ctx context.Context, hints chan<- struct{}) {
	conn := &connection{c: c, made: func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "LISTEN "+channel)
		return err
	}}
	defer conn.drop(context.WithoutCancel(ctx))
	for {
		if err := hear(ctx, conn); err == nil {
			select {
			case hints <- struct{}{}:
			default: // there is one already
			}
			continue
		}
		conn.drop(ctx)
		if !sleep(ctx, jitter(c.options.Lease/2)) {
			return
		}
	}
}

// hear waits for one hint.
func hear(ctx context.Context, conn *connection) error {
	db, err := conn.get(ctx)
	if err != nil {
		return err
	}
	if _, err := db.WaitForNotification(ctx); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return nil
}
