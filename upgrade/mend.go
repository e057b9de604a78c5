package upgrade

import (
	"context"
	"fmt"

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
	findChanged = `SELECT signature, what FROM coco.changed_procedures()`
	reinstall   = `SELECT signature, what FROM coco.reinstall()`
	adoptRest   = `SELECT coco.adopt(true)`
	moveIn      = `SELECT coco.move_in($1)`
)

// repairs are what has to be put right before a step is taken.
type repairs struct {
	procedures []ProcedureFinding
	mending    bool // taking over what re-installed procedures wrote has begun
	copied     bool // this is a copy of the database that was upgraded
}

func readRepairs(ctx context.Context, q querier) (repairs, error) {
	var needed repairs
	var err error
	if needed.procedures, err = changedProcedures(ctx, q); err != nil {
		return repairs{}, err
	}
	if there, err := callable(ctx, q, "move_in", "home", "state"); err != nil || !there {
		return needed, err
	}
	err = q.QueryRow(ctx, `SELECT s.mending, h.place <> coco.place() FROM coco.state s, coco.home h`).Scan(&needed.mending, &needed.copied)
	if err != nil {
		return repairs{}, fmt.Errorf("look what has to be put right: %w", err)
	}
	return needed, nil
}

// changedProcedures returns the procedures that are not as coco left them; none where that cannot be seen.
func changedProcedures(ctx context.Context, q querier) ([]ProcedureFinding, error) {
	there, err := callable(ctx, q, "changed_procedures", "installed", "parked")
	if err != nil || !there {
		return nil, err
	}
	rows, err := q.Query(ctx, findChanged)
	if err != nil {
		return nil, fmt.Errorf("look at the procedures: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ProcedureFinding])
	if err != nil {
		return nil, fmt.Errorf("look at the procedures: %w", err)
	}
	return found, nil
}

// callable says whether a function of schema coco is there and may be called, with the tables that it reads.
func callable(ctx context.Context, q querier, function string, tables ...string) (bool, error) {
	return exists(ctx, q, `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_proc p
			JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
			WHERE n.nspname = 'coco' AND p.proname = $1
				AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE'))
		AND (SELECT count(*) FROM pg_catalog.pg_class c
			JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = 'coco' AND c.relname = ANY ($2) AND has_table_privilege(c.oid, 'SELECT')) = cardinality($2)`,
		function, tables)
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
func (r *run) mend(ctx context.Context, step Step, acceptDrift bool) error {
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
		return err
	}
	if len(found) > 0 {
		r.observe(ProceduresMended{Procedures: found})
	}
	if !mending {
		return nil
	}
	if err := r.drain(ctx, step); err != nil {
		return err
	}
	return r.retry(ctx, step, func() error {
		return r.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, adoptRest)
			return err
		})
	})
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
