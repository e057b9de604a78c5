// Package check finds out which procedures cannot work with the tables as they are, without calling one: each statement in them is
// planned, its variables typed. It runs on a scratch copy, never on a database that somebody needs.
package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/routine"
)

// Result is what was found out about a database's procedures.
type Result struct {
	// Problems are what fails, in the order of the objects and lines.
	Problems []Problem
	// Checked is how many routines were looked at, with how many statements.
	Checked, Statements int
	// Skipped are what could not be looked at, each with its reason: it may be fine or not.
	Skipped []Skip
	// Second is the version of plpgsql_check that gave a second opinion, empty for none.
	Second string
}

// Problem is a statement that fails.
type Problem struct {
	Object catalog.Object
	Line   int // in the body; 0 where the server names none
	// SQL is the statement, Message and Code what the server says of it.
	SQL, Message, Code string
	// Detail and Hint are the server's, if it has some.
	Detail, Hint string
	// Silent says that the server lets it pass: a value goes nowhere, or a variable gets none.
	Silent bool
	// By is who says so: coco, plpgsql_check, or both.
	By string
}

// Who says that something is a problem.
const (
	ByCoco   = "coco"
	BySecond = "plpgsql_check"
	ByBoth   = "both"
)

// Skip is what was not checked. Line is 0 for a whole routine.
type Skip struct {
	Object catalog.Object
	Line   int
	Reason string
}

// Routines checks all routines of the catalog, which is that of the database of the connection. Their statements are planned and not run;
// what is made for that is rolled back. The role has to be a superuser, and the connection outside of a transaction. With ErrSecond the
// result is that of Alone.
func Routines(ctx context.Context, conn *pgx.Conn, c *catalog.Catalog) (Result, error) {
	return routines(ctx, conn, c, true)
}

// Alone is Routines without a second opinion.
func Alone(ctx context.Context, conn *pgx.Conn, c *catalog.Catalog) (Result, error) {
	return routines(ctx, conn, c, false)
}

func routines(ctx context.Context, conn *pgx.Conn, c *catalog.Catalog, second bool) (Result, error) {
	var result Result
	s := &session{conn: conn, database: c.Database, result: &result}
	defer s.end(context.WithoutCancel(ctx))
	if err := s.begin(ctx); err != nil {
		return Result{}, err
	}
	places, err := s.find(ctx, c.Routines)
	if err != nil {
		return Result{}, err
	}
	parsing, cancel := context.WithCancel(ctx)
	defer cancel()
	for i, parsed := range parse(parsing, c.Routines) {
		if err := s.routine(ctx, c.Routines[i], places[i], parsed); err != nil {
			return Result{}, fmt.Errorf("check %s: %w", c.Routines[i].Object, err)
		}
	}
	result.sort()
	if !second {
		return result, nil
	}
	alone := result
	alone.Problems = slices.Clone(result.Problems)
	err = s.second(ctx, c.Routines, places)
	switch {
	case err != nil && conn.IsClosed() && ctx.Err() == nil:
		return alone, fmt.Errorf("%w (%w)", ErrSecond, err)
	case err != nil:
		return Result{}, fmt.Errorf("ask plpgsql_check: %w", err)
	}
	result.sort()
	return result, nil
}

// routine checks one.
func (s *session) routine(ctx context.Context, r catalog.Routine, at place, parsed parsed) error {
	skip := func(reason string) {
		s.result.Skipped = append(s.result.Skipped, Skip{Object: r.Object, Reason: reason})
	}
	switch {
	case r.Sort == "aggregate" || r.Sort == "window" && !isRead(r.Language):
		return nil // nothing stands in it: what it is made of is checked by itself
	case !isRead(r.Language):
		skip("what is written in " + r.Language + " cannot be checked")
		return nil
	case at.oid == 0:
		skip("it is not there any more")
		return nil
	}
	s.result.Checked++
	if r.Language == "sql" {
		return s.analyse(ctx, r, at, nil)
	}
	if parsed.err != nil {
		skip("its body was not understood: " + parsed.err.Error())
		return s.analyse(ctx, r, at, nil)
	}
	if at.polymorphic {
		skip("the types of its arguments are open until it is called")
		return s.analyse(ctx, r, at, nil)
	}
	s.result.Statements += len(parsed.body.Statements)
	for _, table := range at.triggerTables(r) {
		probe := newProbe(r, parsed.body, shape{set: at.set, unknownResult: at.unknownResult, table: table})
		s.result.Skipped = append(s.result.Skipped, probe.skipped...)
		if err := s.analyse(ctx, r, at, probe); err != nil {
			return err
		}
	}
	return nil
}

func isRead(language string) bool { return language == "plpgsql" || language == "sql" }

// sort orders what was found, and leaves out what was found twice: once for each table of a trigger.
func (r *Result) sort() {
	slices.SortStableFunc(r.Problems, func(a, b Problem) int {
		return cmp.Or(a.Object.Compare(b.Object), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	r.Problems = slices.Compact(r.Problems)
	slices.SortStableFunc(r.Skipped, func(a, b Skip) int {
		return cmp.Or(a.Object.Compare(b.Object), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Reason, b.Reason))
	})
	r.Skipped = slices.Compact(r.Skipped)
}

// parsed is a routine's body, or why there is none.
type parsed struct {
	body *routine.Body
	err  error
}
