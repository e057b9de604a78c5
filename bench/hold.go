package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// holdWatch looks, as fast as it can, whether somebody holds async_tasks so that nobody else may even read it.
type holdWatch struct {
	url    string
	cancel context.CancelFunc
	done   sync.WaitGroup

	longest time.Duration
	err     error
}

// lookPause is between two looks.
const lookPause = 500 * time.Microsecond

// begin starts to look. The first look is already made when it returns, so that the connection is there in time.
func (w *holdWatch) begin(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, w.url)
	if err != nil {
		return fmt.Errorf("watch the lock: %w", err)
	}
	var table uint32
	if err := conn.QueryRow(ctx, `SELECT 'public.async_tasks'::regclass::oid`).Scan(&table); err != nil {
		_ = conn.Close(ctx)
		return fmt.Errorf("watch the lock: %w", err)
	}
	held := func() (held bool, err error) {
		err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks
			WHERE locktype = 'relation' AND relation = $1 AND mode = 'AccessExclusiveLock' AND granted)`, table).Scan(&held)
		return held, err
	}
	if _, err := held(); err != nil {
		_ = conn.Close(ctx)
		return fmt.Errorf("watch the lock: %w", err)
	}
	watching, cancel := context.WithCancel(ctx)
	w.cancel = cancel
	w.done.Go(func() {
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		w.err = w.look(watching, held)
	})
	return nil
}

// look measures a hold from the last look before it to the first after it: never too short.
func (w *holdWatch) look(ctx context.Context, isHeld func() (bool, error)) error {
	held, free := false, time.Now()
	for ctx.Err() == nil {
		asked := time.Now()
		now, err := isHeld()
		if err != nil {
			return fmt.Errorf("watch the lock: %w", err)
		}
		if held || now {
			w.longest = max(w.longest, time.Since(free))
		}
		if !now {
			free = asked
		}
		held = now
		time.Sleep(lookPause)
	}
	return nil
}

// end stops looking and returns the longest time that the lock was held, 0 if no look met it.
func (w *holdWatch) end() (time.Duration, error) {
	if w.cancel != nil {
		w.cancel()
		w.done.Wait()
	}
	return w.longest, w.err
}
