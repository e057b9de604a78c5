// Package plans says how a server would run the statements of procedures. None is run. It works on a scratch copy with generated rows: what
// stands in a plan then is no value of anybody's.
package plans

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/routine"
)

// Result are the plans of some procedures.
type Result struct {
	// Plans are in the order of the procedures, and of the statements in each.
	Plans []Plan
	// Left is how many statements there are besides that read or write a table: those that are put together when they run, and those that
	// could not be prepared by themselves.
	Left int
}

// Plan is how the server runs one statement of a procedure, whatever the values of its variables are.
type Plan struct {
	Object catalog.Object
	Line   int // in the body
	SQL    string
	// Text is the plan as EXPLAIN prints it, without costs.
	Text string
	// Scans are the tables that are read, one for each time.
	Scans []Scan
}

// Scan is how a table is read.
type Scan struct {
	Schema, Table string
	// Sequential says that all of it is, because there is no index to go by.
	Sequential bool
	// Rows is how many the table has on the copy.
	Rows int64
}

//go:embed session.sql
var sessionSQL string

// Of plans the statements of procedures that read or write a table. The database is that of the connection, which has to be
// outside of a transaction; what is set for it is rolled back.
func Of(ctx context.Context, conn *pgx.Conn, database catalog.Database, routines []catalog.Routine) (Result, error) {
	p := &planner{rows: map[string]int64{}}
	var err error
	if p.tx, err = conn.Begin(ctx); err != nil {
		return Result{}, fmt.Errorf("begin to plan: %w", err)
	}
	defer func() { _ = p.tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := p.tx.Exec(ctx, sessionSQL); err != nil {
		return Result{}, fmt.Errorf("prepare to plan: %w", err)
	}
	if err := p.find(ctx, database.Settings); err != nil {
		return Result{}, err
	}
	for _, r := range routines {
		if err := p.routine(ctx, r); err != nil {
			return Result{}, fmt.Errorf("plan the statements of %s: %w", r.Object, err)
		}
	}
	return p.result, nil
}

// planner is one call of Of.
type planner struct {
	tx     pgx.Tx
	rows   map[string]int64 // by the quoted name of the table
	result Result
}

// find sets the search path, if there is one among the settings.
func (p *planner) find(ctx context.Context, settings []string) error {
	for _, setting := range settings {
		if name, value, _ := strings.Cut(setting, "="); name == "search_path" {
			if _, err := p.tx.Exec(ctx, `SELECT pg_catalog.set_config($1, $2, true)`, name, value); err != nil {
				return fmt.Errorf("set the search path: %w", err)
			}
		}
	}
	return nil
}

func (p *planner) routine(ctx context.Context, r catalog.Routine) error {
	body, err := routine.Parse(r)
	if err != nil {
		return nil //nolint:nilerr // what it cannot read, the check of the procedures has said already
	}
	for _, s := range body.Statements {
		if !usesTable(s) {
			continue
		}
		statement, ok := prepare(s)
		if !ok {
			p.result.Left++
			continue
		}
		plan := Plan{Object: r.Object, Line: s.Line, SQL: s.SQL}
		err := p.apart(ctx, func() error {
			if err := p.find(ctx, r.Settings); err != nil {
				return err
			}
			return p.explain(ctx, statement, &plan)
		})
		var refused *pgconn.PgError
		switch {
		case err == nil:
			p.result.Plans = append(p.result.Plans, plan)
		case errors.As(err, &refused) && ctx.Err() == nil && !p.tx.Conn().IsClosed():
			p.result.Left++
		default:
			return err
		}
	}
	return nil
}

// apart does something in a savepoint that is rolled back.
func (p *planner) apart(ctx context.Context, do func() error) error {
	point, err := p.tx.Begin(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(), point.Rollback(ctx))
}

// explain plans one statement, with no value for any of its variables.
func (p *planner) explain(ctx context.Context, s statement, plan *Plan) error {
	values := ""
	if len(s.names) > 0 {
		values = "(" + strings.TrimPrefix(strings.Repeat(", NULL", len(s.names)), ", ") + ")"
	}
	if _, err := p.tx.Exec(ctx, s.text); err != nil {
		return err
	}
	defer func() { _, _ = p.tx.Exec(context.WithoutCancel(ctx), `DEALLOCATE coco_plan_`) }() // no savepoint takes it back
	rows, err := p.tx.Query(ctx, `EXPLAIN (COSTS OFF) EXECUTE coco_plan_`+values, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return err
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	plan.Text = s.named(lines)
	var nodes []struct{ Plan node }
	err = p.tx.QueryRow(ctx, `EXPLAIN (COSTS OFF, VERBOSE, FORMAT JSON) EXECUTE coco_plan_`+values, pgx.QueryExecModeSimpleProtocol).Scan(&nodes)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		n.Plan.scans(&plan.Scans)
	}
	for i := range plan.Scans {
		if err := p.count(ctx, &plan.Scans[i]); err != nil {
			return err
		}
	}
	return nil
}

// node is a step of a plan.
type node struct {
	Type   string `json:"Node Type"`
	Schema string `json:"Schema"`
	Table  string `json:"Relation Name"`
	Plans  []node `json:"Plans"`
}

func (n node) scans(list *[]Scan) {
	if n.Table != "" && strings.HasSuffix(n.Type, "Scan") {
		*list = append(*list, Scan{Schema: n.Schema, Table: n.Table, Sequential: n.Type == "Seq Scan"})
	}
	for _, below := range n.Plans {
		below.scans(list)
	}
}

// count counts the rows of a table, once.
func (p *planner) count(ctx context.Context, s *Scan) error {
	name := pgx.Identifier{s.Schema, s.Table}.Sanitize()
	if _, known := p.rows[name]; !known {
		var n int64
		if err := p.tx.QueryRow(ctx, `SELECT count(*) FROM `+name).Scan(&n); err != nil {
			return err
		}
		p.rows[name] = n
	}
	s.Rows = p.rows[name]
	return nil
}

// Of returns the plans of one procedure.
func (r *Result) Of(object catalog.Object) (list []Plan) {
	for _, p := range r.Plans {
		if p.Object == object {
			list = append(list, p)
		}
	}
	return list
}

// Scans are how one procedure reads tables.
func (r *Result) Scans(object catalog.Object) (list []Scan) {
	for _, p := range r.Of(object) {
		list = append(list, p.Scans...)
	}
	return list
}

// SameStatement says whether two plans are of the same text.
func (p Plan) SameStatement(other Plan) bool {
	return strings.Join(strings.Fields(p.SQL), " ") == strings.Join(strings.Fields(other.SQL), " ")
}

// Rows is how many the largest table has that it reads.
func (p Plan) Rows() (rows int64) {
	for _, s := range p.Scans {
		rows = max(rows, s.Rows)
	}
	return rows
}
