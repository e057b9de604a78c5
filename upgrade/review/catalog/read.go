package catalog

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

//go:embed read.sql
var readSQL string

// Read returns what a database holds, as one statement sees it. It reads no row of a table.
func Read(ctx context.Context, tx pgx.Tx) (*Catalog, error) {
	inner, err := tx.Begin(ctx) // at its end the search path is the caller's again
	if err != nil {
		return nil, fmt.Errorf("begin to read the catalog: %w", err)
	}
	defer func() { _ = inner.Rollback(context.WithoutCancel(ctx)) }()
	// With an empty path the server names everything with its schema.
	if _, err := inner.Exec(ctx, `SET LOCAL search_path = ''`); err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
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
