package check

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

var (
	//go:embed session.sql
	sessionSQL string
	//go:embed analyse.sql
	analyseSQL string
	//go:embed where.sql
	whereSQL string
)

// session is a check: one transaction, which is rolled back.
type session struct {
	conn     *pgx.Conn
	tx       pgx.Tx
	database catalog.Database
	result   *Result
}

// place is what the server knows of a routine.
type place struct {
	oid                        uint32 // 0: it is not there
	set                        bool   // it returns rows
	polymorphic, unknownResult bool
	tables                     []string // whose triggers call it
}

// triggerTables are the tables to check a routine for, one of them empty where none is needed.
func (p place) triggerTables(r catalog.Routine) []string {
	if !r.Trigger || len(p.tables) == 0 {
		return []string{""}
	}
	return p.tables
}

func (s *session) begin(ctx context.Context) error {
	var err error
	if s.tx, err = s.conn.Begin(ctx); err != nil {
		return fmt.Errorf("begin the check: %w", err)
	}
	if _, err := s.tx.Exec(ctx, sessionSQL); err != nil {
		return fmt.Errorf("prepare the session of the check: %w", err)
	}
	for _, setting := range s.database.Settings {
		name, value, _ := strings.Cut(setting, "=")
		if name != "search_path" {
			continue // the others change how long something takes, or what it says
		}
		if _, err := s.tx.Exec(ctx, `SELECT pg_catalog.set_config($1, $2, true)`, name, value); err != nil {
			return fmt.Errorf("set the database's search path: %w", err)
		}
	}
	if _, err := s.tx.Exec(ctx, analyseSQL); err != nil {
		return fmt.Errorf("prepare the check: %w", err)
	}
	return nil
}

func (s *session) end(ctx context.Context) {
	if s.tx != nil {
		_ = s.tx.Rollback(ctx) // the connection is closed, or it never began
	}
}

// find finds the routines on the server.
func (s *session) find(ctx context.Context, routines []catalog.Routine) ([]place, error) {
	names := make([]string, len(routines))
	for i, r := range routines {
		names[i] = quote(r.Schema) + "." + quote(r.Name) + "(" + r.Arguments + ")"
	}
	rows, err := s.tx.Query(ctx, whereSQL, names)
	if err != nil {
		return nil, fmt.Errorf("look for the routines: %w", err)
	}
	places, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (place, error) {
		var (
			at  place
			oid *uint32
		)
		var set, polymorphic, unknown *bool
		err := row.Scan(&oid, &set, &polymorphic, &unknown, &at.tables)
		if err == nil && oid != nil {
			at.oid, at.set, at.polymorphic, at.unknownResult = *oid, *set, *polymorphic, *unknown
		}
		return at, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for the routines: %w", err)
	}
	return places, nil
}

// analyse has the server look at a routine, by a probe or, without one, as its language does.
func (s *session) analyse(ctx context.Context, r catalog.Routine, at place, p *probe) error {
	var (
		body    *string
		pragma  string
		returns bool
	)
	if p != nil {
		text := p.String()
		body, pragma, returns = &text, p.pragma+"\n", p.returns
	}
	var said []complaint
	err := s.tx.QueryRow(ctx, `SELECT pg_temp.coco_analyse($1, $2, $3, $4, $5)`, at.oid, settingsOf(r), pragma, body, returns).Scan(&said)
	if err == nil {
		s.judge(r, p, said)
		return nil
	}
	var refused *pgconn.PgError
	if ctx.Err() != nil || !errors.As(err, &refused) || s.conn.IsClosed() {
		return err
	}
	s.result.Skipped = append(s.result.Skipped, Skip{Object: r.Object, Reason: "it could not be analysed: " + refused.Message})
	s.end(ctx)
	return s.begin(ctx)
}

func settingsOf(r catalog.Routine) []string {
	if r.Settings == nil {
		return []string{}
	}
	return r.Settings
}
