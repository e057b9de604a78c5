package coordinator

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// ErrOtherCommand says that the task is stored with another command than the one it was to be saved with.
var ErrOtherCommand = errors.New("task of another command")

// TaskNotFoundError names the task that is not there.
type TaskNotFoundError struct{ TaskID uuid.UUID }

func (e *TaskNotFoundError) Error() string { return fmt.Sprintf("task %s is not there", e.TaskID) }

// Is reports whether the target is ErrNotFound.
func (*TaskNotFoundError) Is(target error) bool { return target == ErrNotFound }

// OtherCommandError says which command the task is stored with.
type OtherCommandError struct{ TaskID, CommandID uuid.UUID }

func (e *OtherCommandError) Error() string {
	return fmt.Sprintf("task %s belongs to command %s: remove it first, or save it with that one", e.TaskID, e.CommandID)
}

// Is reports whether the target is ErrOtherCommand.
func (*OtherCommandError) Is(target error) bool { return target == ErrOtherCommand }
