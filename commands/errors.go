package commands

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

// What a caller may act on, for errors.Is.
var (
	// ErrNotUpgraded says that the database does not have what it takes to work on its commands.
	ErrNotUpgraded = errors.New("not upgraded")
	// ErrNotFound says that there is no such command. It comes as a NotFoundError.
	ErrNotFound = errors.New("no such command")
	// ErrBlocked says that a command cannot be removed. It comes as a BlockedError.
	ErrBlocked = errors.New("cannot be removed")
	// ErrCursor says that a text is no cursor that List has given.
	ErrCursor = errors.New("not a cursor of a list")
)

// NotFoundError names a command that is not there.
type NotFoundError struct{ CommandID uuid.UUID }

// Error names the command.
func (e *NotFoundError) Error() string { return fmt.Sprintf("there is no command %s", e.CommandID) }

// Is reports whether the target is ErrNotFound.
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// BlockedError says what keeps a command from being removed.
type BlockedError struct {
	// CommandID is the command that was to be removed.
	CommandID uuid.UUID
	// Owned are commands that live instances drive. Unfinished are those that have not finished, where only finished ones were to be
	// removed.
	Owned, Unfinished []uuid.UUID
	// Tasks are those that still need commands.
	Tasks []Task
}

// Task is an async task and the command that it names.
type Task struct {
	ID        uuid.UUID `json:"task_id"`
	CommandID uuid.UUID `json:"command_id"`
}

// Error names the first of what is in the way.
func (e *BlockedError) Error() string {
	text := fmt.Sprintf("command %s cannot be removed", e.CommandID)
	var reasons []string
	if n := len(e.Owned); n > 0 {
		reasons = append(reasons, fmt.Sprintf("a live instance drives command %s%s", e.Owned[0], more(n-1)))
	}
	if n := len(e.Tasks); n > 0 {
		reasons = append(reasons, fmt.Sprintf("task %s still needs command %s%s", e.Tasks[0].ID, e.Tasks[0].CommandID, more(n-1)))
	}
	if n := len(e.Unfinished); n > 0 {
		reasons = append(reasons, fmt.Sprintf("command %s has not finished%s", e.Unfinished[0], more(n-1)))
	}
	if len(reasons) == 0 {
		return text
	}
	return text + ": " + strings.Join(reasons, "; ")
}

// Is reports whether the target is ErrBlocked.
func (e *BlockedError) Is(target error) bool { return target == ErrBlocked }

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n)
}

// explain recognises a database without the procedures.
func explain(err error) error {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch refusal.Code {
	case "3F000", "42883", "42P01": // no such schema, function, table
		return ErrNotUpgraded
	}
	return err
}
