package coordinator

import (
	"cmp"
	"context"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/gen"
)

// RetrieveCommand returns a command with all above it, in one round trip: Parent leads from one to the next up to the root. Commands
// that cannot be decoded are opaque. The error is ErrNotFound when there is no such command.
func (c *Coordinator) RetrieveCommand(ctx context.Context, id uuid.UUID) (*Command, error) {
	return c.retrieveCommand(ctx, c.pool, id)
}

// RetrieveCommandTx is RetrieveCommand in the caller's transaction: it sees what that has written.
func (c *Coordinator) RetrieveCommandTx(ctx context.Context, tx pgx.Tx, id uuid.UUID) (*Command, error) {
	return c.retrieveCommand(ctx, tx, id)
}

func (c *Coordinator) retrieveCommand(ctx context.Context, db gen.DBTX, id uuid.UUID) (*Command, error) {
	var rows []gen.Command
	err := c.call(ctx, "retrieve command", 1, func() (err error) {
		rows, err = gen.New(db).CommandChains(ctx, []uuid.UUID{id})
		return missing(err, id, len(rows))
	})
	if err != nil {
		return nil, err
	}
	return byID(c.link(rows, uuid.Nil), id), nil
}

// RetrieveTree returns a command with all below it, in one round trip: Children leads down. Its own parent, if it has one, is not
// retrieved. The error is ErrNotFound when there is no such command.
func (c *Coordinator) RetrieveTree(ctx context.Context, id uuid.UUID) (*Command, error) {
	return c.retrieveTree(ctx, c.pool, id)
}

// RetrieveTreeTx is RetrieveTree in the caller's transaction: it sees what that has written.
func (c *Coordinator) RetrieveTreeTx(ctx context.Context, tx pgx.Tx, id uuid.UUID) (*Command, error) {
	return c.retrieveTree(ctx, tx, id)
}

func (c *Coordinator) retrieveTree(ctx context.Context, db gen.DBTX, id uuid.UUID) (*Command, error) {
	var rows []gen.Command
	err := c.call(ctx, "retrieve tree", 1, func() (err error) {
		rows, err = gen.New(db).CommandTree(ctx, id)
		return missing(err, id, len(rows))
	})
	if err != nil {
		return nil, err
	}
	cmds := c.link(rows, id)
	for _, cmd := range cmds {
		if cmd.parent != nil {
			cmd.parent.children = append(cmd.parent.children, cmd)
		}
	}
	return byID(cmds, id), nil
}

// DefaultLimit is how many commands Unfinished and Recover return at most unless they are told otherwise.
const DefaultLimit = 1000

// UnfinishedOptions say which commands are wanted.
type UnfinishedOptions struct {
	// Mine: only those that this instance owns. Otherwise all there are, whoever drives them.
	Mine bool
	// Limit is how many are returned at most. Default 1,000.
	Limit int
}

// Unfinished lists commands that have not finished, the oldest first. Parents are those that are in the list too.
func (c *Coordinator) Unfinished(ctx context.Context, options UnfinishedOptions) ([]*Command, error) {
	params := gen.UnfinishedCommandsParams{
		InstanceID: uuid.NullUUID{UUID: c.id, Valid: options.Mine}, MaxCommands: limit(options.Limit),
	}
	var rows []gen.Command
	err := c.call(ctx, "unfinished", 0, func() (err error) {
		rows, err = gen.New(c.pool).UnfinishedCommands(ctx, params)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.link(rows, uuid.Nil), nil
}

func limit(wanted int) int32 {
	if wanted <= 0 {
		return DefaultLimit
	}
	return int32(min(wanted, math.MaxInt32))
}

// link makes commands of rows, in their order, and leads each to the one above it, if it is among them. The top of a tree, if one is
// named, gets no parent; what hangs in the air below it, because rows were damaged, is hung up there.
func (c *Coordinator) link(rows []gen.Command, top uuid.UUID) []*Command {
	cmds := make([]*Command, 0, len(rows))
	known := make(map[uuid.UUID]*Command, len(rows))
	for _, row := range rows {
		cmd := c.read(row)
		cmds, known[cmd.id] = append(cmds, cmd), cmd
	}
	for _, cmd := range cmds {
		if cmd.id != top {
			cmd.parent = cmp.Or(known[cmd.above()], known[top])
		}
	}
	openCircles(cmds, known[top])
	return cmds
}

// openCircles puts one command of each circle of parents below top: nobody who follows Parent must walk for ever.
func openCircles(cmds []*Command, top *Command) {
	seenFrom := make(map[*Command]int, len(cmds))
	for i, cmd := range cmds {
		for ; cmd != nil && seenFrom[cmd] == 0; cmd = cmd.parent {
			seenFrom[cmd] = i + 1
			if cmd.parent != nil && seenFrom[cmd.parent] == i+1 {
				cmd.parent = top
			}
		}
	}
}

// above is the id of the command above: rows of the engine may name a root only.
func (cmd *Command) above() uuid.UUID {
	if cmd.parentID == uuid.Nil && cmd.rootID != cmd.id {
		return cmd.rootID
	}
	return cmd.parentID
}

func byID(cmds []*Command, id uuid.UUID) *Command {
	for _, cmd := range cmds {
		if cmd.id == id {
			return cmd
		}
	}
	return nil
}

func missing(err error, id uuid.UUID, rows int) error {
	if err == nil && rows == 0 {
		return &NotFoundError{CommandID: id}
	}
	return err
}
