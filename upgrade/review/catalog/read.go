package catalog

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

var (
	//go:embed read.sql
	readSQL string
	//go:embed alike.sql
	alikeSQL string
)

// Read returns what a database holds, as one statement sees it. It reads no row of a table.
func Read(ctx context.Context, tx pgx.Tx) (*Catalog, error) {
	inner, err := Begin(ctx, tx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = inner.Rollback(context.WithoutCancel(ctx)) }()
	var text []byte
	if err := inner.QueryRow(ctx, readSQL).Scan(&text); err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	c := &Catalog{}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("understand the catalog: %w", err)
	}
	return c, nil
}

// Begin opens a transaction within another one, in which the server writes definitions alike, whatever the settings of the session, the
// role and the database are: with an empty search path, for one, it names everything with its schema. The caller rolls it back.
func Begin(ctx context.Context, tx pgx.Tx) (pgx.Tx, error) {
	inner, err := tx.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin to read the catalog: %w", err)
	}
	if _, err := inner.Exec(ctx, alikeSQL); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare to read the catalog: %w", err), inner.Rollback(context.WithoutCancel(ctx)))
	}
	return inner, nil
}
