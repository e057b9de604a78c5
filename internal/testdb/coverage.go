package testdb

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/ephemeral"
	"github.com/ovirt/coco/internal/sqlcover"
)

// count makes every database that the server will have count the statements of procedures, where that is asked for.
func count(ctx context.Context, server *ephemeral.Server) error {
	return whenMeasured(ctx, server, "template1", func(conn *pgx.Conn) error {
		return sqlcover.Install(ctx, conn, sqlcover.Dir())
	})
}

// collect keeps what has been counted in a database.
func collect(ctx context.Context, server *ephemeral.Server, database string) error {
	return whenMeasured(ctx, server, database, func(conn *pgx.Conn) error { return sqlcover.Collect(ctx, conn) })
}

func whenMeasured(ctx context.Context, server *ephemeral.Server, database string, do func(*pgx.Conn) error) error {
	if sqlcover.Dir() == "" {
		return nil
	}
	conn, err := pgx.Connect(ctx, server.URL(database))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", database, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	return do(conn)
}
