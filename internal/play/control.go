package play

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/internal/hangup"
)

//go:embed control.sql
var controlSQL string

// controlSchema has what the control works on, and nothing else.
func (e *Engine) controlSchema() string { return fmt.Sprintf("played_%d", e.options.Seed) }

func (e *Engine) createControl(ctx context.Context) error {
	schema := pgx.Identifier{e.controlSchema()}.Sanitize()
	return pgx.BeginFunc(ctx, e.engine.clients[0].conn, func(tx pgx.Tx) error {
		script := fmt.Sprintf("DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s; SET LOCAL search_path = %s;\n%s",
			schema, schema, schema, controlSQL)
		if _, err := tx.Conn().PgConn().Exec(ctx, script).ReadAll(); err != nil {
			return fmt.Errorf("create what the control works on: %w", err)
		}
		return nil
	})
}

// dropControl uses a connection of its own: those of the clients are gone.
func (e *Engine) dropControl(ctx context.Context) error {
	if e.control == nil {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, e.engine.clients[0].config)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{e.controlSchema()}.Sanitize()+" CASCADE")
	return errors.Join(err, hangup.Wait(ctx, conn))
}

func (e *Engine) hangUp(ctx context.Context) error {
	var failures []error
	for _, load := range []*workload{e.engine, e.control} {
		if load == nil {
			continue
		}
		for _, c := range load.clients {
			if c.conn != nil {
				failures = append(failures, hangup.Wait(ctx, c.conn))
			}
		}
	}
	return errors.Join(failures...)
}
