package ephemeral

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// CreateDatabase creates a database as a copy of another, or of template1 when template is empty. Nobody may be
// connected to the one it copies. Settings and privileges of the database itself (ALTER DATABASE … SET, GRANT … ON
// DATABASE) are not copied: that is PostgreSQL's rule.
func (s *Server) CreateDatabase(ctx context.Context, name, template string) error {
	if template == "" {
		template = "template1"
	}
	sql := fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", quoteName(name), quoteName(template))
	if s.version >= 150000 {
		sql += " STRATEGY file_copy" // without fsync it is the faster one
	}
	if err := s.exec(ctx, sql); err != nil {
		return fmt.Errorf("create database %s from %s: %w", name, template, err)
	}
	return nil
}

// DropDatabase drops a database if it exists, cuts the connections to it, and rolls back its prepared transactions.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	if err := s.dropDatabase(ctx, name); err != nil {
		return fmt.Errorf("drop database %s: %w", name, err)
	}
	return nil
}

func (s *Server) dropDatabase(ctx context.Context, name string) error {
	conn, err := s.connect(ctx, "postgres")
	if err != nil {
		return err
	}
	defer conn.Close(ctx)

	rows, err := conn.Query(ctx, `SELECT gid FROM pg_prepared_xacts WHERE database = $1`, name)
	if err != nil {
		return err
	}
	gids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if err := s.rollbackPrepared(ctx, name, gids); err != nil {
		return err
	}
	force := ""
	if s.version >= 130000 {
		force = " WITH (FORCE)"
	} else if _, err := conn.Exec(ctx,
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quoteName(name)+force)
	return err
}

// rollbackPrepared works from inside the database: a prepared transaction can be ended from nowhere else.
func (s *Server) rollbackPrepared(ctx context.Context, db string, gids []string) error {
	if len(gids) == 0 {
		return nil
	}
	conn, err := s.connect(ctx, db)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, gid := range gids {
		literal, err := conn.PgConn().EscapeString(gid)
		if err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, "ROLLBACK PREPARED '"+literal+"'"); err != nil {
			return err
		}
	}
	return nil
}

// connect opens a connection of this package's own. Session settings from PG* variables do not reach it.
func (s *Server) connect(ctx context.Context, db string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(s.URL(db))
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams = map[string]string{"application_name": "coco ephemeral server"}
	cfg.ValidateConnect = nil
	return pgx.ConnectConfig(ctx, cfg)
}

// exec runs SQL in the maintenance database, on a connection of its own.
func (s *Server) exec(ctx context.Context, sql string) error {
	conn, err := s.connect(ctx, "postgres")
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func quoteName(name string) string { return pgx.Identifier{name}.Sanitize() }
