package upgrade

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// ProcedureChange is what became of a procedure.
type ProcedureChange string

// What can become of a procedure. The first two are put right by Up and Down; the others are for a person to decide.
const (
	// ProcedureMissing: one that coco installed is gone.
	ProcedureMissing ProcedureChange = "missing"
	// ProcedureReinstalled: the engine's own stands where coco's has to be, or beside it.
	ProcedureReinstalled ProcedureChange = "re-installed"
	// ProcedureEdited: somebody has changed one that coco installed.
	ProcedureEdited ProcedureChange = "edited"
	// ProcedureOverload: one that neither coco nor the engine installed has the same name.
	ProcedureOverload ProcedureChange = "overload"
)

// ProcedureFinding is a procedure that is not as coco left it.
type ProcedureFinding struct {
	Signature string          `json:"signature"`
	What      ProcedureChange `json:"what"`
}

const (
	reinstall = `SELECT signature, what FROM coco.reinstall()`
	adoptRest = `SELECT coco.adopt(true)`
	moveIn    = `SELECT coco.move_in($1)`
)

// repairs are what has to be put right before a step is taken.
type repairs struct {
	procedures []ProcedureFinding
	mending    bool // taking over what re-installed procedures wrote has begun
	copied     bool // this is a copy of the database that was upgraded
	takenOver  bool // an engine that keeps its commands itself has upgraded the database
}

// readRepairs looks what has to be put right; nothing where that cannot be seen.
func readRepairs(ctx context.Context, q querier) (repairs, error) {
	var needed repairs
	there, err := callable(ctx, q)
	if err != nil || !there {
		return repairs{}, err
	}
	rows, err := q.Query(ctx, `SELECT s.mending, h.place <> coco.place(), coco.taken_over(), c.signature, c.what
		FROM coco.state s CROSS JOIN coco.home h LEFT JOIN coco.changed_procedures() c ON true`)
	if err != nil {
		return repairs{}, fmt.Errorf("look what has to be put right: %w", err)
	}
	var signature *string
	var what *ProcedureChange
	_, err = pgx.ForEachRow(rows, []any{&needed.mending, &needed.copied, &needed.takenOver, &signature, &what}, func() error {
		if signature != nil && what != nil {
			needed.procedures = append(needed.procedures, ProcedureFinding{Signature: *signature, What: *what})
		}
		return nil
	})
	if err != nil {
		return repairs{}, fmt.Errorf("look what has to be put right: %w", err)
	}
	return needed, nil
}

// callable says whether the functions that look at the procedures are there and may be called, with the tables that they read.
func callable(ctx context.Context, q querier) (bool, error) {
	return exists(ctx, q, `SELECT (SELECT count(*) FROM pg_catalog.pg_proc p
			JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
			WHERE n.nspname = 'coco' AND p.proname IN ('changed_procedures', 'place', 'taken_over')
				AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')) = 3
		AND (SELECT count(*) FROM pg_catalog.pg_class c
			JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = 'coco' AND c.relname IN ('state', 'home', 'installed', 'parked')
				AND has_table_privilege(c.oid, 'SELECT')) = 4`)
}

// actionsFirst returns what has to be done before any step from here.
func (c *Chain) actionsFirst(now state) []Action {
	var list []Action
	step, ok := c.at(now.version)
	if !ok {
		return nil
	}
	if len(now.procedures) > 0 || now.mending {
		list = append(list, c.action(KindMend, step))
	}
	if now.copied {
		list = append(list, c.action(KindMoveIn, step))
	}
	return list
}

// mend puts coco's procedures back where the engine's own were re-installed, and takes over what these have written: once together
// with the procedures, and once more when all transactions have ended that may still run the old ones.
func (r *run) mend(ctx context.Context, step Step, acceptDrift bool) ([]ProcedureFinding, error) {
	var found []ProcedureFinding
	var mending bool
	err := r.retry(ctx, step, func() error {
		return r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
			if acceptDrift {
				if _, err := tx.Exec(ctx, `SET LOCAL coco.accept_drift = on`); err != nil {
					return fmt.Errorf("accept drift: %w", err)
				}
			}
			rows, err := tx.Query(ctx, reinstall)
			if err != nil {
				return err
			}
			if found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ProcedureFinding]); err != nil {
				return err
			}
			return tx.QueryRow(ctx, `SELECT mending FROM coco.state`).Scan(&mending)
		})
	})
	if err != nil {
		r.mended = found // perhaps: the answer to the commit may be what is missing
		return nil, err
	}
	if len(found) > 0 {
		r.observe(ProceduresMended{Procedures: found})
	}
	if !mending {
		return found, nil
	}
	if err := r.drain(ctx, step); err != nil {
		return found, err
	}
	return found, r.retry(ctx, step, func() error {
		return r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, adoptRest)
			return err
		})
	})
}

// mendedBefore returns what was put right by a transaction whose end was not known when the connection was lost.
func (r *run) mendedBefore(now state) []ProcedureFinding {
	found := slices.DeleteFunc(r.mended, func(f ProcedureFinding) bool { return slices.Contains(now.procedures, f) })
	r.mended = nil
	if len(found) > 0 {
		r.observe(ProceduresMended{Procedures: found})
	}
	return found
}

// moveIn makes a copy of an upgraded database one of its own. With prove every row is compared again.
func (r *run) moveIn(ctx context.Context, step Step, prove bool) error {
	return r.retry(ctx, step, func() error {
		return r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, moveIn, prove)
			return err
		})
	})
}

// takenOver is why nothing is taken back, nor verified, when a later engine has upgraded the database.
func takenOver() error {
	return &Error{
		Kind:   ErrRefused,
		Reason: "an engine of version 3.5 or later has taken this database over: its commands and procedures are its own",
		Hint:   "Leave it to the engine. To go back, restore the backup from before the engine's upgrade.",
	}
}
