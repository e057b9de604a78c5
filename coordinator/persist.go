package coordinator

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// PersistCommand stores a command, below the parent it was made or retrieved with. A new command becomes this instance's own. One that
// is there must be its own and not have finished: its type, class and parameters are replaced, its status stays. Storing the same
// command again changes nothing, so a call whose answer was lost may be repeated.
//
// The errors are ErrLostOwnership, ErrTransition (it, or its parent, has finished), ErrParent and ErrCycle. Nothing is
// written then.
func (c *Coordinator) PersistCommand(ctx context.Context, cmd *Command) error {
	return c.persist(ctx, c.pool, placed(cmd))
}

// PersistCommandTx is PersistCommand in the caller's transaction.
func (c *Coordinator) PersistCommandTx(ctx context.Context, tx pgx.Tx, cmd *Command) error {
	return c.persist(ctx, tx, placed(cmd))
}

// PersistCommands stores many commands in one call, in any order: all of them, or none. A parent may be one of them.
func (c *Coordinator) PersistCommands(ctx context.Context, cmds ...*Command) error {
	return c.persist(ctx, c.pool, placed(cmds...))
}

// PersistCommandsTx is PersistCommands in the caller's transaction.
func (c *Coordinator) PersistCommandsTx(ctx context.Context, tx pgx.Tx, cmds ...*Command) error {
	return c.persist(ctx, tx, placed(cmds...))
}

// Persist stores the command below parent; nil is for none. A command keeps the parent it was first stored with. See
// Coordinator.PersistCommand.
func (cmd *Command) Persist(ctx context.Context, parent *Command) error {
	if err := cmd.bound(); err != nil {
		return err
	}
	return cmd.c.persist(ctx, cmd.c.pool, []placement{{cmd, parent, idOf(parent)}})
}

// PersistTx is Persist in the caller's transaction.
func (cmd *Command) PersistTx(ctx context.Context, tx pgx.Tx, parent *Command) error {
	if err := cmd.bound(); err != nil {
		return err
	}
	return cmd.c.persist(ctx, tx, []placement{{cmd, parent, idOf(parent)}})
}

// placement is a command and where it is to be stored.
type placement struct {
	cmd      *Command
	parent   *Command
	parentID uuid.UUID
}

func placed(cmds ...*Command) []placement {
	placements := make([]placement, 0, len(cmds))
	for _, cmd := range cmds {
		if cmd == nil {
			cmd = &Command{}
		}
		placements = append(placements, placement{cmd, cmd.parent, cmd.parentID})
	}
	return placements
}

func (c *Coordinator) persist(ctx context.Context, db gen.DBTX, placements []placement) error {
	if len(placements) == 0 {
		return nil
	}
	params, err := c.persistParams(placements)
	if err != nil {
		return err
	}
	return c.write(ctx, "persist", len(placements), func() error {
		rows, err := gen.New(db).PersistCommands(ctx, params)
		if err != nil {
			return err
		}
		heads := map[uuid.UUID]gen.CommandHead{}
		for _, row := range rows {
			heads[row.CommandID] = row
		}
		for _, p := range placements {
			p.cmd.stored(heads[p.cmd.id])
			p.cmd.parent = p.parent
			p.cmd.changed = db != c.pool // a transaction may be rolled back
		}
		return nil
	})
}

func (c *Coordinator) persistParams(placements []placement) (gen.PersistCommandsParams, error) {
	params := gen.PersistCommandsParams{InstanceID: c.id}
	for _, p := range placements {
		if err := p.cmd.bound(); err != nil {
			return params, err
		}
		params.CommandIds = append(params.CommandIds, p.cmd.id)
		params.CommandTypes = append(params.CommandTypes, p.cmd.kind)
		params.ParentIds = append(params.ParentIds, p.parentID)
		params.Parameters = append(params.Parameters, value(p.cmd.text))
		params.Classes = append(params.Classes, value(p.cmd.class))
		params.Statuses = append(params.Statuses, string(p.cmd.status))
		params.Nulls = append(params.Nulls, p.cmd.nulls())
	}
	return params, nil
}

// nulls says which texts are NULL, for an array cannot: 1 the parameters, 2 their class.
func (cmd *Command) nulls() int32 {
	var nulls int32
	if cmd.text == nil {
		nulls |= 1
	}
	if cmd.class == nil {
		nulls |= 2
	}
	return nulls
}

// bound refuses a Command that no Coordinator has made.
func (cmd *Command) bound() error {
	if cmd == nil || cmd.c == nil {
		return errors.New("this Command was made by no Coordinator: use NewCommand or RetrieveCommand")
	}
	return nil
}

func idOf(cmd *Command) uuid.UUID {
	if cmd == nil {
		return uuid.Nil
	}
	return cmd.id
}

// UpdateStatus sets the status of a command of this instance, from any status that may become it. Of several callers that do so at
// once exactly one succeeds. The errors are ErrTransition, ErrStatus, ErrLostOwnership and ErrNotFound.
func (c *Coordinator) UpdateStatus(ctx context.Context, id uuid.UUID, to Status) error {
	_, err := c.changeStatus(ctx, c.pool, id, predecessors(to), to)
	return err
}

// UpdateStatusTx is UpdateStatus in the caller's transaction.
func (c *Coordinator) UpdateStatusTx(ctx context.Context, tx pgx.Tx, id uuid.UUID, to Status) error {
	_, err := c.changeStatus(ctx, tx, id, predecessors(to), to)
	return err
}

// UpdateStatus compares and sets: it succeeds if the command still has the status that this Command holds. After ErrTransition the
// Command holds the one that it has in the database.
func (cmd *Command) UpdateStatus(ctx context.Context, to Status) error {
	if err := cmd.bound(); err != nil {
		return err
	}
	return cmd.updateStatus(ctx, cmd.c.pool, to)
}

// UpdateStatusTx is UpdateStatus in the caller's transaction. Retrieve the command again when it is rolled back.
func (cmd *Command) UpdateStatusTx(ctx context.Context, tx pgx.Tx, to Status) error {
	if err := cmd.bound(); err != nil {
		return err
	}
	return cmd.updateStatus(ctx, tx, to)
}

func (cmd *Command) updateStatus(ctx context.Context, db gen.DBTX, to Status) error {
	row, err := cmd.c.changeStatus(ctx, db, cmd.id, []string{string(cmd.status)}, to)
	if err == nil {
		cmd.stored(row)
		return nil
	}
	if refused, ok := errors.AsType[*TransitionError](err); ok {
		cmd.status = refused.From
	}
	return err
}

func (c *Coordinator) changeStatus(ctx context.Context, db gen.DBTX, id uuid.UUID, from []string, to Status) (row gen.CommandHead, err error) {
	if !to.Valid() {
		return row, fmt.Errorf("update status: %w", &StatusError{Status: string(to)})
	}
	err = c.write(ctx, "update status", 1, func() error {
		row, err = gen.New(db).ChangeStatus(ctx, gen.ChangeStatusParams{InstanceID: c.id, CommandID: id, FromStatuses: from, ToStatus: string(to)})
		return err
	})
	if refused, ok := errors.AsType[*TransitionError](err); ok {
		refused.To = to
	}
	return row, err
}

func predecessors(to Status) []string {
	result := []string{}
	for _, from := range Statuses() {
		if from.MayBecome(to) {
			result = append(result, string(from))
		}
	}
	return result
}
