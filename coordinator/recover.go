package coordinator

import (
	"context"
	"math"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// RecoverOptions say how much is taken.
type RecoverOptions struct {
	// Limit is after how many commands no further tree is begun. Default 1,000.
	Limit int
}

// attempts are calls of Recover whose answers have not arrived. A new call repeats one of them: what it has taken is handed out then.
type attempts struct {
	mu  sync.Mutex
	ids []uuid.UUID
}

func (a *attempts) begin() uuid.UUID {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.ids) == 0 {
		return uuid.New()
	}
	id := a.ids[len(a.ids)-1]
	a.ids = a.ids[:len(a.ids)-1]
	return id
}

func (a *attempts) repeat(id uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids = append(a.ids, id)
}

// Recover makes commands of instances that have ended this instance's own, and returns them, parents first, with their parents up to
// the root. None: there is nothing to take now.
//
// An instance has ended when it was closed, or when nothing was heard of it for its lease while this one was heard of all the time.
// Trees are taken whole, each by exactly one of the instances that ask. Commands without an owner are never taken, see Adopt. A command on
// which too many owners died in a row is held instead, with its tree: see Options.HoldAfter.
//
// When the answer is lost on the way the next call returns the same commands.
func (c *Coordinator) Recover(ctx context.Context, options RecoverOptions) ([]*Command, error) {
	attempt := c.attempts.begin()
	cmds, err := c.recover(ctx, c.pool, attempt, options)
	if err != nil {
		c.attempts.repeat(attempt)
	}
	return cmds, err
}

// RecoverTx is Recover in the caller's transaction. When the answer to its commit is lost, Unfinished tells what is this instance's own.
func (c *Coordinator) RecoverTx(ctx context.Context, tx pgx.Tx, options RecoverOptions) ([]*Command, error) {
	return c.recover(ctx, tx, uuid.New(), options)
}

func (c *Coordinator) recover(ctx context.Context, db gen.DBTX, attempt uuid.UUID, options RecoverOptions) ([]*Command, error) {
	var taken []*Command
	err := c.write(ctx, "recover", 0, func() error {
		rows, err := gen.New(db).RecoverCommands(ctx, gen.RecoverCommandsParams{
			InstanceID: c.id, RecoveryID: attempt, MaxCommands: limit(options.Limit), HoldAfter: int32(min(c.options.HoldAfter, math.MaxInt32)), //nolint:gosec // not negative: Open has looked
		})
		if err != nil {
			return err
		}
		mine := rows[:0]
		for _, row := range rows {
			if row.HeldAt != nil {
				c.held(ctx, row)
				continue
			}
			mine = append(mine, row)
		}
		taken, err = c.withChains(ctx, db, mine)
		return err
	})
	if err != nil || len(taken) == 0 {
		return nil, err
	}
	c.log().InfoContext(ctx, "commands recovered", "count", len(taken))
	if c.options.Hooks.Recovered != nil {
		c.options.Hooks.Recovered(len(taken))
	}
	return taken, nil
}

func (c *Coordinator) held(ctx context.Context, row gen.Command) {
	c.log().WarnContext(ctx, "command is held: its owners died too often; resume it when the cause is gone",
		"command", row.CommandID, "type", row.CommandType, "recoveries", value(row.Recoveries))
	if c.options.Hooks.Held != nil {
		c.options.Hooks.Held(row.CommandID)
	}
}

// withChains makes commands of rows, with all above them. A parent that is not among the rows has finished, or is the engine's own.
func (c *Coordinator) withChains(ctx context.Context, db gen.DBTX, rows []gen.Command) ([]*Command, error) {
	count := len(rows)
	known := make(map[uuid.UUID]bool, count)
	for _, row := range rows {
		known[row.CommandID] = true
	}
	var above []uuid.UUID
	for _, row := range rows {
		for _, id := range []uuid.NullUUID{row.ParentCommandID, row.RootCommandID} {
			if id.Valid && !known[id.UUID] {
				known[id.UUID] = true
				above = append(above, id.UUID)
			}
		}
	}
	if len(above) > 0 {
		chains, err := gen.New(db).CommandChains(ctx, above)
		if err != nil {
			return nil, err
		}
		taken := make(map[uuid.UUID]bool, count)
		for _, row := range rows {
			taken[row.CommandID] = true
		}
		for _, row := range chains {
			if !taken[row.CommandID] {
				rows = append(rows, row)
			}
		}
	}
	return c.link(rows, uuid.Nil)[:count], nil
}

// Adopt makes commands this instance's own that belong to nobody because the engine itself has written them, and returns them with their
// parents. Those that are its own already stay so. All of them, or none: the errors are ErrNotFound, ErrTransition for one that has
// finished, and ErrLostOwnership for one that another instance owns.
func (c *Coordinator) Adopt(ctx context.Context, ids ...uuid.UUID) ([]*Command, error) {
	return c.adopt(ctx, c.pool, ids)
}

// AdoptTx is Adopt in the caller's transaction.
func (c *Coordinator) AdoptTx(ctx context.Context, tx pgx.Tx, ids ...uuid.UUID) ([]*Command, error) {
	return c.adopt(ctx, tx, ids)
}

func (c *Coordinator) adopt(ctx context.Context, db gen.DBTX, ids []uuid.UUID) (adopted []*Command, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = c.write(ctx, "adopt", len(ids), func() error {
		rows, err := gen.New(db).OwnCommands(ctx, gen.OwnCommandsParams{InstanceID: c.id, CommandIds: ids})
		if err != nil {
			return err
		}
		adopted, err = c.withChains(ctx, db, rows)
		return err
	})
	return adopted, err
}

// Resume lets a held command be handed out again, with its tree, and forgets how often its owners died. Nothing happens when none of
// the tree is held. The error is ErrNotFound.
func (c *Coordinator) Resume(ctx context.Context, id uuid.UUID) error {
	return c.resume(ctx, c.pool, id)
}

// ResumeTx is Resume in the caller's transaction.
func (c *Coordinator) ResumeTx(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
	return c.resume(ctx, tx, id)
}

func (c *Coordinator) resume(ctx context.Context, db gen.DBTX, id uuid.UUID) error {
	return c.call(ctx, "resume", 1, func() error {
		_, err := gen.New(db).ResumeCommand(ctx, id)
		return err
	})
}
