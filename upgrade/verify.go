package upgrade

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// VerifyOptions say how much to report.
type VerifyOptions struct {
	// Limit is how many findings a check reports at most; 0 is 100.
	Limit int
}

// Finding is something that does not hold. It never contains parameters of a command.
type Finding struct {
	Check  string `json:"check"`
	Object string `json:"object"`
	Detail string `json:"detail"`
}

// VerifyResult is what a verification found; no findings means that everything holds.
type VerifyResult struct {
	Version  int64     `json:"version"`
	Receipt  *Receipt  `json:"receipt,omitempty"`
	Findings []Finding `json:"findings"`
}

const defaultFindings = 100

// Verify checks everything that the upgrade promises about the rows, in one snapshot, and changes nothing. It returns
// ErrNotUpgraded where there is nothing to verify yet.
func (u *Upgrader) Verify(ctx context.Context, options VerifyOptions) (VerifyResult, error) {
	conn, err := u.connect(ctx)
	if err != nil {
		return VerifyResult{}, err
	}
	r := &run{Upgrader: u, conn: conn}
	defer r.end(ctx)
	if err := r.giveWay(ctx); err != nil {
		return VerifyResult{}, r.explain(ctx, err, nil)
	}
	result, err := look(ctx, func() (VerifyResult, error) { return r.verify(ctx, options) })
	return result, r.explain(ctx, err, nil)
}

func (r *run) verify(ctx context.Context, options VerifyOptions) (VerifyResult, error) {
	limit := options.Limit
	if limit <= 0 {
		limit = defaultFindings
	}
	tx, err := r.conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return VerifyResult{}, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()

	now, err := inspect(ctx, tx, r.chain)
	if err != nil {
		return VerifyResult{}, err
	}
	result := VerifyResult{Version: now.version}
	if now.problem != nil {
		return result, now.problem
	}
	if now.takenOver {
		return result, takenOver()
	}
	there, err := hasFunction(ctx, tx, "verify")
	if err != nil {
		return result, err
	}
	if !there {
		return result, &Error{
			Kind:   ErrNotUpgraded,
			Reason: "there is nothing to verify: the upgrade of this database has not begun",
		}
	}
	if result.Receipt, err = readReceipt(ctx, tx); err != nil {
		return result, err
	}
	rows, err := tx.Query(ctx, `SELECT check_name, object, coalesce(detail, '') FROM coco.verify($1)`, limit)
	if err != nil {
		return result, fmt.Errorf("verify: %w", err)
	}
	result.Findings, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Finding])
	return result, err
}
