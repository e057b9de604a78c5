package coordinator

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ovirt/coco/gen"
)

// Command is a command as it is in the database, or as it is to be stored. It is a picture: what other Commands with the same id,
// other processes, or a transaction that is rolled back do to the row, it does not see. It must not be used by several goroutines
// at once.
type Command struct {
	c *Coordinator

	id         uuid.UUID
	kind       int32
	class      *string // NULL and '' both read as no class, and are kept apart
	status     Status
	parentID   uuid.UUID
	rootID     uuid.UUID
	createdAt  time.Time
	finishedAt time.Time
	owner      uuid.UUID
	recoveries int
	heldAt     time.Time

	text    *string // what is stored, or is to be
	value   any     // what text says, when it is not opaque
	opaque  error
	changed bool // the text is not known to be stored: SaveTask writes the command

	parent   *Command
	children []*Command
}

// maxClass is how many characters fit into the column.
const maxClass = 256

// NewCommandOptions say what a new command is.
type NewCommandOptions struct {
	// ID is the command's id. Default: a new one. With an id of your own, storing the command again finds the first one.
	ID uuid.UUID
	// Type is command_type, the number of the engine's VdcActionType.
	Type int32
	// Class is action_parameters_class, at most 256 characters: with Type it says which Go type the parameters have.
	Class string
	// Parameters is a value of the Go type that is registered for type and class. Nil: the command has none.
	Parameters any
	// Status is what the command begins with. Default NOT_STARTED.
	Status Status
	// Parent is the command that it is to be below; Persist can name it instead. Default: none.
	Parent *Command
}

// NewCommand makes a command, and stores nothing. The errors are ErrNotRegistered, ErrParameters, ErrTooLarge and ErrStatus.
func (c *Coordinator) NewCommand(options NewCommandOptions) (*Command, error) {
	cmd := &Command{c: c, id: options.ID, kind: options.Type, status: options.Status}
	if cmd.id == uuid.Nil {
		cmd.id = uuid.New()
	}
	if cmd.status == "" {
		cmd.status = StatusNotStarted
	}
	if !cmd.status.Valid() {
		return nil, fmt.Errorf("new command: %w", &StatusError{Status: string(cmd.status)})
	}
	if utf8.RuneCountInString(options.Class) > maxClass || !utf8.ValidString(options.Class) || strings.ContainsRune(options.Class, 0) {
		return nil, fmt.Errorf("new command: its class must be at most %d characters of text", maxClass)
	}
	if options.Class != "" {
		cmd.class = &options.Class
	}
	if options.Parent != nil {
		cmd.parent, cmd.parentID = options.Parent, options.Parent.id
	}
	if err := cmd.SetParameters(options.Parameters); err != nil {
		return nil, err
	}
	return cmd, nil
}

// ID is the command's id.
func (cmd *Command) ID() uuid.UUID { return cmd.id }

// Type is command_type.
func (cmd *Command) Type() int32 { return cmd.kind }

// Class is action_parameters_class, empty for none.
func (cmd *Command) Class() string {
	if cmd.class == nil {
		return ""
	}
	return *cmd.class
}

// Status is how far the command has come.
func (cmd *Command) Status() Status { return cmd.status }

// CreatedAt is when the command was first stored. The zero time: it was not yet, or the engine did not say.
func (cmd *Command) CreatedAt() time.Time { return cmd.createdAt }

// FinishedAt is when it got a final status, the zero time before.
func (cmd *Command) FinishedAt() time.Time { return cmd.finishedAt }

// Owner is the instance that drives the command. uuid.Nil: none does, it has finished or the engine itself has written it.
func (cmd *Command) Owner() uuid.UUID { return cmd.owner }

// Recoveries is how many of its owners died since it last made progress.
func (cmd *Command) Recoveries() int { return cmd.recoveries }

// HeldAt is since when nobody is handed the command any more. The zero time: it is not held.
func (cmd *Command) HeldAt() time.Time { return cmd.heldAt }

// ParentID is the id of the command above, uuid.Nil for none.
func (cmd *Command) ParentID() uuid.UUID { return cmd.parentID }

// RootID is the id of the topmost command above, uuid.Nil for none, and for a command that was not stored yet.
func (cmd *Command) RootID() uuid.UUID { return cmd.rootID }

// Parent is the command above, if it was retrieved with this one or given to NewCommand or Persist. Nil otherwise: ParentID says
// whether there is one.
func (cmd *Command) Parent() *Command { return cmd.parent }

// Children are the commands below as RetrieveTree found them, the oldest first.
func (cmd *Command) Children() []*Command { return cmd.children }

// Root is the topmost command that Parent leads to: the command itself when it has no parent.
func (cmd *Command) Root() *Command {
	top := cmd
	for top.parent != nil {
		top = top.parent
	}
	return top
}

// Text is the text that is stored, whether it can be decoded or not; empty when the command has no parameters. It may hold secrets.
func (cmd *Command) Text() string {
	if cmd.text == nil {
		return ""
	}
	return *cmd.text
}

// Parameters are the parameters as a value of the registered Go type. Nil: the command has none, or is opaque. The function Parameters
// gives them with their type.
func (cmd *Command) Parameters() any { return cmd.value }

// Opaque says why the parameters are text and nothing more: ErrOpaque, and ErrNotRegistered when no Go type is registered. Nil: they
// could be decoded, or the command has none.
func (cmd *Command) Opaque() error { return cmd.opaque }

// Parameters are the parameters of a command as a T. The error is ErrOpaque when they could not be decoded, when they are no T, and
// when the command has none.
func Parameters[T any](cmd *Command) (T, error) {
	var none T
	if cmd.opaque != nil {
		return none, cmd.opaque
	}
	value, ok := cmd.value.(T)
	if !ok {
		reason := fmt.Sprintf("they are a %T, not a %T", cmd.value, none)
		if cmd.value == nil {
			reason = "there are none"
		}
		return none, fmt.Errorf("command %s: %w", cmd.id, &OpaqueError{Key: cmd.key(), Reason: reason})
	}
	return value, nil
}

// SetParameters replaces the parameters, for the next Persist. The value's Go type must be the registered one; nil is for none. A
// command whose parameters are not set writes back the very text it was read with. The errors are ErrNotRegistered, ErrParameters and
// ErrTooLarge; then the command is as before.
func (cmd *Command) SetParameters(value any) error {
	if value == nil {
		cmd.text, cmd.value, cmd.opaque, cmd.changed = nil, nil, nil, true
		return nil
	}
	text, err := cmd.c.options.Registry.encode(cmd.key(), value)
	if err != nil {
		return fmt.Errorf("command %s: %w", cmd.id, err)
	}
	if len(text) > cmd.c.options.MaxParameters {
		return &TooLargeError{CommandID: cmd.id, Bytes: len(text), Limit: cmd.c.options.MaxParameters}
	}
	cmd.text, cmd.value, cmd.opaque, cmd.changed = &text, value, nil, true
	return nil
}

func (cmd *Command) key() Key { return Key{Type: cmd.kind, Class: cmd.Class()} }

// read makes a command of a row. What cannot be decoded is opaque.
func (c *Coordinator) read(row gen.Command) *Command {
	cmd := &Command{c: c, id: row.CommandID, text: row.ActionParameters}
	cmd.stored(head(row))
	if cmd.text == nil {
		return cmd
	}
	value, err := c.options.Registry.decode(cmd.key(), *cmd.text)
	if err != nil {
		cmd.opaque = fmt.Errorf("command %s: %w", cmd.id, err)
		c.log().Warn("command is opaque", "command", cmd.id, "type", cmd.kind, "class", cmd.Class())
		return cmd
	}
	cmd.value = value
	return cmd
}

// stored takes over what the database says about the command.
func (cmd *Command) stored(row gen.CommandHead) {
	cmd.kind, cmd.class, cmd.status = row.CommandType, row.ActionParametersClass, statusOf(row.Status)
	cmd.parentID, cmd.rootID, cmd.owner = row.ParentCommandID.UUID, row.RootCommandID.UUID, row.OwnerID.UUID
	cmd.createdAt, cmd.finishedAt = row.CreatedAt.Time, value(row.FinishedAt)
	cmd.recoveries, cmd.heldAt = int(value(row.Recoveries)), value(row.HeldAt)
}

// head is a row without its parameters.
func head(row gen.Command) gen.CommandHead {
	return gen.CommandHead{
		CommandID: row.CommandID, CommandType: row.CommandType, ParentCommandID: row.ParentCommandID, RootCommandID: row.RootCommandID,
		ActionParametersClass: row.ActionParametersClass, CreatedAt: row.CreatedAt, Status: row.Status, FinishedAt: row.FinishedAt,
		OwnerID: row.OwnerID, TakenAt: row.TakenAt, Recoveries: row.Recoveries, HeldAt: row.HeldAt,
	}
}

// value is what a column holds, or the zero value when it holds nothing.
func value[T any](column *T) T {
	if column == nil {
		var none T
		return none
	}
	return *column
}
