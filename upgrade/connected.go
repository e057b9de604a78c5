package upgrade

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/driver"
)

// Connected calls do with a connection, for work that is no part of the upgrade and makes its own transactions. It excludes no run of this
// or another program: the work has to see to that itself. Errors of the server come back as those of Up and Down do.
func (u *Upgrader) Connected(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	conn, err := u.connect(ctx)
	if err != nil {
		return err
	}
	r := &run{Upgrader: u, conn: conn}
	defer r.end(ctx)
	if err := driver.SettleSession(ctx, conn); err != nil {
		return r.explain(ctx, err, nil)
	}
	if _, err := conn.Exec(ctx, `RESET lock_timeout`); err != nil { // that is the work's
		return r.explain(ctx, err, nil)
	}
	if err := readOnlyProblem(ctx, conn); err != nil {
		return r.explain(ctx, err, nil)
	}
	return r.explain(ctx, do(ctx, conn), nil)
}
