package upgrade

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// TransactOptions say how Transact works.
type TransactOptions struct {
	// DryRun rolls back what was done.
	DryRun bool
	// LockTimeout bounds the wait for a lock on a row or table, LockBudget that for another run to end.
	LockTimeout, LockBudget time.Duration
}

// errDryRun ends a transaction whose work is not to stay.
var errDryRun = errors.New("dry run")

// Transact calls do in a transaction of its own, while no run of this or another program changes the schema. The transaction is
// committed if do returns nil. Errors of the server come back as those of Up and Down do.
func (u *Upgrader) Transact(ctx context.Context, options TransactOptions, do func(context.Context, pgx.Tx) error) error {
	r, err := u.begin(ctx, limits{lockTimeout: options.LockTimeout, lockBudget: options.LockBudget}, hooks{})
	if err != nil {
		return err
	}
	defer r.end(ctx)
	err = r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := do(ctx, tx); err != nil {
			return err
		}
		if options.DryRun {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		return nil
	}
	return r.explain(ctx, err, nil)
}

// Read calls do in a transaction that sees one state of the database and changes nothing. It takes no lock that a run waits for; while
// one is in its way, do is called again. Errors of the server come back as those of Up and Down do.
func (u *Upgrader) Read(ctx context.Context, do func(context.Context, pgx.Tx) error) error {
	conn, err := u.connect(ctx)
	if err != nil {
		return err
	}
	r := &run{Upgrader: u, conn: conn}
	defer r.end(ctx)
	if err := r.giveWay(ctx); err != nil {
		return r.explain(ctx, err, nil)
	}
	_, err = look(ctx, func() (struct{}, error) { return struct{}{}, r.read(ctx, do) })
	return r.explain(ctx, err, nil)
}

func (r *run) read(ctx context.Context, do func(context.Context, pgx.Tx) error) error {
	tx, err := r.conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
		defer cancel()
		_ = tx.Rollback(ctx)
	}()
	return do(ctx, tx)
}
