package coordinator

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// RemoveOptions say what may go.
type RemoveOptions struct {
	// Unfinished lets commands below that have not finished go too. They must be this instance's own.
	Unfinished bool
}

// RemoveCommand removes a command with all below it, and returns how many commands went. What has not finished must be this
// instance's own; a command that a task names, or that has one below it, stays. The errors are ErrNotFound, ErrLiveDescendants
// and ErrLostOwnership. Nothing is removed then.
func (c *Coordinator) RemoveCommand(ctx context.Context, id uuid.UUID, options RemoveOptions) (int, error) {
	return c.remove(ctx, c.pool, id, options)
}

// RemoveCommandTx is RemoveCommand in the caller's transaction.
func (c *Coordinator) RemoveCommandTx(ctx context.Context, tx pgx.Tx, id uuid.UUID, options RemoveOptions) (int, error) {
	return c.remove(ctx, tx, id, options)
}

func (c *Coordinator) remove(ctx context.Context, db gen.DBTX, id uuid.UUID, options RemoveOptions) (removed int, err error) {
	err = c.write(ctx, "remove", 1, func() error {
		rows, err := gen.New(db).RemoveCommand(ctx, gen.RemoveCommandParams{
			InstanceID: uuid.NullUUID{UUID: c.id, Valid: true}, CommandID: id, Unfinished: options.Unfinished,
		})
		removed = len(rows)
		return err
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
