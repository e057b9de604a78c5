package check

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

//go:embed second.sql
var secondSQL string

// ErrSecond says that the connection was lost over a question to plpgsql_check, which crashes the server over some procedures: one that writes
// to a table with a rule that does nothing instead, for example.
var ErrSecond = errors.New("plpgsql_check has crashed the server")

// opinion is an error that plpgsql_check found.
type opinion struct {
	Line    int    `json:"line"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Detail  string `json:"detail"`
	Hint    string `json:"hint"`
	Query   string `json:"query"`
}

// second asks plpgsql_check, where the server has it, and adds what it says to the result. Its security option stays off: it has crashed
// a server.
func (s *session) second(ctx context.Context, routines []catalog.Routine, places []place) error {
	version, schema, err := s.load(ctx)
	if err != nil || version == "" {
		return err
	}
	if _, err := s.tx.Exec(ctx, fmt.Sprintf(secondSQL, quote(schema))); err != nil {
		return err
	}
	s.result.Second = version
	for i, r := range routines {
		at := places[i]
		if r.Language != "plpgsql" || at.oid == 0 || at.polymorphic || r.Trigger && len(at.tables) == 0 {
			continue
		}
		var said []opinion
		err := s.tx.QueryRow(ctx, `SELECT pg_temp.coco_ask($1, $2, $3)`, at.oid, at.triggerTables(r), settingsOf(r)).Scan(&said)
		if err != nil {
			return fmt.Errorf("of %s: %w", r.Object, err)
		}
		for _, o := range said {
			s.result.add(r, o)
		}
	}
	return nil
}

// load makes the extension available, if the server has it; without it the version is empty.
func (s *session) load(ctx context.Context) (version, schema string, err error) {
	err = s.tx.QueryRow(ctx, `SELECT e.extversion, n.nspname FROM pg_catalog.pg_extension e
		JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'plpgsql_check'`).Scan(&version, &schema)
	if !errors.Is(err, pgx.ErrNoRows) {
		return version, schema, err
	}
	err = s.tx.QueryRow(ctx, `SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = 'plpgsql_check'`).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	schema = "coco_second"
	err = pgx.BeginFunc(ctx, s.tx, func(tx pgx.Tx) error { // a savepoint
		_, err := tx.Exec(ctx, `CREATE SCHEMA coco_second; CREATE EXTENSION plpgsql_check SCHEMA coco_second`)
		return err
	})
	if err != nil && ctx.Err() == nil && !s.conn.IsClosed() {
		return "", "", nil // it is there and cannot be used: then there is no second opinion
	}
	return version, schema, err
}

// add adds an error that plpgsql_check found, or its name to the problem that says the same.
func (r *Result) add(of catalog.Routine, o opinion) {
	if i := r.sameAs(of, o); i >= 0 {
		r.Problems[i].By = ByBoth
		return
	}
	if o.Code == codeNotReady {
		return // which columns a record has is known only when it runs
	}
	if o.Message == "query does not return data" && slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Object == of.Object }) {
		return // it says so of a cursor whose query has failed
	}
	if o.Code == codeUndefinedTable {
		for _, name := range makesTemporaryName.FindAllStringSubmatch(of.Body, -1) {
			if strings.EqualFold(o.Message, `relation "`+name[1]+`" does not exist`) {
				return // the routine makes it: plpgsql_check does not
			}
		}
	}
	r.Problems = append(r.Problems, Problem{
		Object: of.Object, Line: o.Line, SQL: o.Query, Message: o.Message, Code: o.Code, Detail: o.Detail, Hint: o.Hint, By: BySecond,
	})
}

// sameAs returns which problem says what plpgsql_check says, -1 for none. It counts some lines otherwise: then the message tells.
func (r *Result) sameAs(of catalog.Routine, o opinion) int {
	same := func(p Problem) bool { return p.Object == of.Object && p.Code == o.Code }
	if i := slices.IndexFunc(r.Problems, func(p Problem) bool { return same(p) && p.Line == o.Line }); i >= 0 {
		return i
	}
	return slices.IndexFunc(r.Problems, func(p Problem) bool { return same(p) && p.Message == o.Message })
}
