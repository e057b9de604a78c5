package driver

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrEndsTransaction says that a migration's body committed or rolled back by itself. What it did until there may stand.
var ErrEndsTransaction = errors.New("the migration's body ends its own transaction")

// rollbackPatience bounds the clean end of a transaction whose context is already gone.
const rollbackPatience = 5 * time.Second

type timing struct {
	started  time.Time
	duration time.Duration
}

func (d *Driver) apply(move Move, body string) error {
	tx, err := d.conn.BeginTx(d.ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadWrite})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if d.conn.PgConn().TxStatus() != 'I' { // else it is committed, maybe by a message of its own
			rollback(d.ctx, tx)
		}
	}()

	if err := Settle(d.ctx, tx, d.config.LockTimeout); err != nil {
		return err
	}
	started, err := clock(d.ctx, tx)
	if err != nil {
		return err
	}
	d.begun = started
	if err := ensureTable(d.ctx, tx); err != nil {
		return err
	}
	if err := recheck(d.ctx, tx, move.From); err != nil {
		return err
	}
	hadJournal, err := hasJournal(d.ctx, tx)
	if err != nil {
		return err
	}
	if d.config.Before != nil {
		if err := d.config.Before(d.ctx, tx, move); err != nil {
			return err
		}
	}
	above, below := d.cut(body)
	left, err := d.runBody(tx, above)
	if err != nil {
		return err
	}
	if d.config.After != nil {
		if err := d.config.After(d.ctx, tx, move); err != nil {
			return err
		}
	}
	took := timing{started: started, duration: left.at.Sub(started)}
	if err := d.record(tx, move, took, hadJournal, left); err != nil {
		return err
	}
	if err := d.commit(tx, above, below, left.statements); err != nil {
		return err
	}
	if move.Direction() == Up {
		d.ran[move.Version()] = took
	}
	d.seen = move.To
	return nil
}

// left is how a body has left its transaction.
type left struct {
	at         time.Time
	statements int // how many it had
	// commit is its synchronous_commit: a body that holds a lock everybody waits for may spare them the wait for the disk.
	commit  string
	journal bool
}

// runBody sends the file as it is, as one simple query, and then takes the session back to how it was: settings and roles of
// one file must not reach the next.
func (d *Driver) runBody(tx pgx.Tx, body string) (left, error) {
	before, err := transactionID(d.ctx, tx)
	if err != nil {
		return left{}, err
	}
	done, err := d.execute(tx, body)
	if err != nil {
		return left{}, &BodyError{Body: body, Statement: done, Err: err}
	}
	if d.conn.PgConn().TxStatus() != 'T' {
		return left{}, ErrEndsTransaction
	}
	l, err := d.leave(tx, before)
	l.statements = done
	return l, err
}

// leave and record are one message to the server each: the locks of the body are held while they are under way.
func (d *Driver) leave(tx pgx.Tx, before int64) (left, error) {
	var after int64
	var l left
	batch := &pgx.Batch{}
	batch.Queue(`SELECT pg_catalog.txid_current(), pg_catalog.clock_timestamp(), pg_catalog.current_setting('synchronous_commit'),
		pg_catalog.to_regclass('` + journal + `') IS NOT NULL`).QueryRow(func(row pgx.Row) error {
		return row.Scan(&after, &l.at, &l.commit, &l.journal)
	})
	for _, reset := range []string{`RESET SESSION AUTHORIZATION`, `RESET ROLE`, `RESET ALL`, `DISCARD TEMP`} {
		batch.Queue(reset)
	}
	if d.config.Session != nil {
		d.config.Session(batch)
	}
	queueSettings(batch, d.config.LockTimeout)
	if err := tx.SendBatch(d.ctx, batch).Close(); err != nil {
		return l, fmt.Errorf("reset the session: %w", err)
	}
	if before != after {
		return l, ErrEndsTransaction
	}
	return l, nil
}

// record writes version and journal.
func (d *Driver) record(tx pgx.Tx, move Move, took timing, hadJournal bool, l left) error {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT pg_catalog.set_config('synchronous_commit', $1, true)`, l.commit)
	queueVersion(batch, move.To)
	if l.journal {
		d.queueJournal(batch, move, took, hadJournal)
	}
	if err := tx.SendBatch(d.ctx, batch).Close(); err != nil {
		return fmt.Errorf("write version and journal: %w", err)
	}
	return nil
}

// execute sends statements as one simple query and returns how many of them were completed.
func (d *Driver) execute(tx pgx.Tx, body string) (int, error) {
	if d.config.Between != nil {
		return d.executeEach(tx, body)
	}
	done := 0
	results := d.conn.PgConn().Exec(d.ctx, body)
	for results.NextResult() {
		if _, err := results.ResultReader().Close(); err == nil {
			done++
		}
	}
	return done, results.Close()
}

// executeEach is execute for somebody who looks at the transaction in between.
func (d *Driver) executeEach(tx pgx.Tx, body string) (int, error) {
	for done, statement := range d.config.Split(body) {
		if err := d.conn.PgConn().Exec(d.ctx, statement).Close(); err != nil {
			return done, err
		}
		if d.conn.PgConn().TxStatus() != 'T' {
			return done + 1, ErrEndsTransaction
		}
		if err := d.config.Between(d.ctx, tx); err != nil {
			return done + 1, err
		}
	}
	return 0, nil
}

// Settle gives a transaction the settings that all of coco's transactions have, until its end: lockTimeout (0 is without
// limit), no other time-outs, and a server that notices a client that is gone (PostgreSQL 14 and later, on Linux).
func Settle(ctx context.Context, tx pgx.Tx, lockTimeout time.Duration) error {
	batch := &pgx.Batch{}
	queueSettings(batch, lockTimeout)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("set the transaction's time-outs: %w", err)
	}
	return nil
}

func queueSettings(batch *pgx.Batch, lockTimeout time.Duration) {
	batch.Queue(`SELECT set_config('lock_timeout', $1, true), set_config('statement_timeout', '0', true),
		set_config('idle_in_transaction_session_timeout', '0', true),
		CASE WHEN current_setting('server_version_num')::int >= 170000
			THEN set_config('transaction_timeout', '0', true) END,
		CASE WHEN current_setting('server_version_num')::int >= 140000 AND version() LIKE '%linux%'
			THEN set_config('client_connection_check_interval', '1s', true) END`, milliseconds(lockTimeout))
}

// SettleSession takes the time-outs away that a role, a database or the server sets for a session, which would end a long run, or one
// that pauses. Outside of transactions that Settle prepares, a statement waits for a lock for half a second at most, and so little that
// it fails before the server looks for dead-locks, which could end somebody else. Of a connection pooler's sessions, which others use
// next, nothing is set.
func SettleSession(ctx context.Context, conn *pgx.Conn) error {
	batch := &pgx.Batch{}
	QueueSession(batch, conn)
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("set the session's time-outs: %w", err)
	}
	return nil
}

// QueueSession adds to batch what SettleSession does to conn.
func QueueSession(batch *pgx.Batch, conn *pgx.Conn) {
	batch.Queue(`SELECT set_config(name, CASE WHEN name = 'lock_timeout' THEN (
				SELECT least(setting::integer / 2, 500)::text FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout')
			ELSE '0' END, false)
		FROM pg_catalog.pg_settings
		WHERE pg_backend_pid() = $1 AND name IN ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout',
			'idle_session_timeout', 'transaction_timeout')`, int64(conn.PgConn().PID()))
}

// milliseconds never rounds a short time-out to 0, which would mean none.
func milliseconds(d time.Duration) string {
	if d <= 0 {
		return "0"
	}
	return strconv.FormatInt(max(1, d.Milliseconds()), 10)
}

// clock is the database's: the journal must not depend on whose machine a run was started from.
func clock(ctx context.Context, tx pgx.Tx) (time.Time, error) {
	var now time.Time
	if err := tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return now, fmt.Errorf("read the clock: %w", err)
	}
	return now, nil
}

func transactionID(ctx context.Context, tx pgx.Tx) (int64, error) {
	var id int64
	if err := tx.QueryRow(ctx, `SELECT txid_current()`).Scan(&id); err != nil {
		return 0, fmt.Errorf("read the transaction's id: %w", err)
	}
	return id, nil
}

// rollback is a no-op behind a commit. It works for a context that has ended: the lock on the version row must not outlive us.
func rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackPatience)
	defer cancel()
	_ = tx.Rollback(ctx)
}

// BodyError is an error of a migration's own SQL. Its text does not contain that SQL.
type BodyError struct {
	Body string
	// Statement is which of the body's statements failed, from 0. It is 0 as well when the server could not read the body.
	Statement int
	Err       error
}

func (e *BodyError) Error() string { return e.Err.Error() }

func (e *BodyError) Unwrap() error { return e.Err }
