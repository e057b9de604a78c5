package driver

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Schema and Table are where the version stands: where golang-migrate's own program looks for it.
const (
	Schema = "public"
	Table  = "schema_migrations"
)

const table = `"public"."schema_migrations"`

// MovedError says that the version is not the one the run started from: somebody else has moved it.
type MovedError struct {
	Expected, Found int64
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("the database is at version %d, not at %d: somebody else has moved it", e.Found, e.Expected)
}

// DirtyError says that a run of the stock migrate program broke off and left its mark.
type DirtyError struct {
	Version int64
}

func (e *DirtyError) Error() string {
	return fmt.Sprintf("version %d is marked dirty", e.Version)
}

// Querier is what reading needs of a connection or a transaction.
type Querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// ReadVersion returns the applied version and whether it is marked dirty. Without the table, or a row in it: NilVersion.
// It asks for the table first, so that it can be used inside a transaction.
func ReadVersion(ctx context.Context, q Querier) (version int64, dirty bool, err error) {
	var there bool
	if err := q.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&there); err != nil {
		return 0, false, fmt.Errorf("look for the version table: %w", err)
	}
	if !there {
		return NilVersion, false, nil
	}
	err = q.QueryRow(ctx, `SELECT version, dirty FROM `+table+` LIMIT 1`).Scan(&version, &dirty)
	if errors.Is(err, pgx.ErrNoRows) {
		return NilVersion, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read the version: %w", err)
	}
	return version, dirty, nil
}

// ensureTable creates the version table in the shape of the stock drivers. It asks first: who may not create tables can
// still work with one that is there.
func ensureTable(ctx context.Context, tx pgx.Tx) error {
	var missing bool
	if err := tx.QueryRow(ctx, `SELECT to_regclass($1) IS NULL`, table).Scan(&missing); err != nil {
		return fmt.Errorf("look for the version table: %w", err)
	}
	if !missing {
		return nil
	}
	_, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS `+table+` (version bigint not null primary key, dirty boolean not null)`)
	if err != nil {
		return fmt.Errorf("create the version table: %w", err)
	}
	return nil
}

// recheck holds the version row until the end of the transaction, or, where there is none, the table against its truncation.
func recheck(ctx context.Context, tx pgx.Tx, expected int64) error {
	version, dirty := NilVersion, false
	err := tx.QueryRow(ctx, `SELECT version, dirty FROM `+table+` LIMIT 1 FOR UPDATE`).Scan(&version, &dirty)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read the version: %w", err)
	}
	if dirty {
		return &DirtyError{Version: version}
	}
	if version != expected {
		return &MovedError{Expected: expected, Found: version}
	}
	return nil
}

// queueVersion replaces the version row. Below the first version it drops the table: nothing of ours is to stay.
func queueVersion(batch *pgx.Batch, version int64) {
	if version == NilVersion {
		batch.Queue(`DROP TABLE ` + table)
		return
	}
	batch.Queue(`DELETE FROM ` + table)
	batch.Queue(`INSERT INTO `+table+` (version, dirty) VALUES ($1, false)`, version)
}

// force writes a version without running anything, as golang-migrate's Force asks for.
func (d *Driver) force(version int64) error {
	tx, err := d.conn.BeginTx(d.ctx, pgx.TxOptions{AccessMode: pgx.ReadWrite})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer rollback(d.ctx, tx)
	if err := Settle(d.ctx, tx, d.config.LockTimeout); err != nil {
		return err
	}
	if err := ensureTable(d.ctx, tx); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	queueVersion(batch, version)
	if err := tx.SendBatch(d.ctx, batch).Close(); err != nil {
		return fmt.Errorf("write the version: %w", err)
	}
	if err := tx.Commit(d.ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	d.seen = version
	return nil
}
