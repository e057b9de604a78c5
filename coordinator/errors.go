package coordinator

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// What a caller may act on. Test with errors.Is; errors.As with the typed error of the same kind says which command. Those of the
// registry are below. No error holds parameters of a command.
var (
	// ErrNotFound: no such command, or no such task.
	ErrNotFound = errors.New("not found")
	// ErrLostOwnership: the command belongs to another instance, or to none. This one must stop driving it.
	ErrLostOwnership = errors.New("lost ownership")
	// ErrInstanceEnded: this coordinator was closed, or taken over while nothing was heard of it. Open a new one. It is
	// ErrLostOwnership too.
	ErrInstanceEnded = errors.New("instance has ended")
	// ErrTransition: the command cannot go from the status it has to that one; a finished command stays as it is.
	ErrTransition = errors.New("transition not allowed")
	// ErrLiveDescendants: the command cannot be removed because of unfinished commands below it, or of tasks.
	ErrLiveDescendants = errors.New("live descendants")
	// ErrParent: the parent does not exist, or is another than the one that the command was stored with.
	ErrParent = errors.New("wrong parent")
	// ErrCycle: commands would be below themselves.
	ErrCycle = errors.New("cycle of parents")
	// ErrTooLarge: the encoded parameters have more bytes than Options.MaxParameters.
	ErrTooLarge = errors.New("parameters too large")
	// ErrStatus: no such status.
	ErrStatus = errors.New("unknown status")
	// ErrCutoff: a cleanup's cutoff lies in the future.
	ErrCutoff = errors.New("cutoff in the future")
	// ErrNotUpgraded: the database does not have what it takes to keep commands.
	ErrNotUpgraded = errors.New("not upgraded")
)

// NotFoundError names the command that is not there: never stored, removed, or cleaned up.
type NotFoundError struct{ CommandID uuid.UUID }

func (e *NotFoundError) Error() string { return fmt.Sprintf("command %s is not there", e.CommandID) }

// Is reports whether the target is ErrNotFound.
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// LostOwnershipError says whose the command is.
type LostOwnershipError struct {
	CommandID uuid.UUID
	// Owner is the instance that owns it, uuid.Nil when none does: the engine itself has written it.
	Owner uuid.UUID
}

func (e *LostOwnershipError) Error() string {
	if e.Owner == uuid.Nil {
		return fmt.Sprintf("command %s belongs to no instance: adopt it first", e.CommandID)
	}
	return fmt.Sprintf("command %s belongs to instance %s now: stop driving it", e.CommandID, e.Owner)
}

// Is reports whether the target is ErrLostOwnership.
func (e *LostOwnershipError) Is(target error) bool { return target == ErrLostOwnership }

// InstanceEndedError says why this instance owns nothing any more.
type InstanceEndedError struct {
	InstanceID uuid.UUID
	// Because is "stopped", "taken over", "taken back" (the upgrade was) or "unknown" (there is no such instance).
	Because string
}

func (e *InstanceEndedError) Error() string {
	return fmt.Sprintf("instance %s has ended (%s) and owns no commands any more: open a new coordinator", e.InstanceID, e.Because)
}

// Is reports whether the target is ErrInstanceEnded or ErrLostOwnership.
func (e *InstanceEndedError) Is(target error) bool {
	return target == ErrInstanceEnded || target == ErrLostOwnership
}

// TransitionError says which change of status was refused. When From equals To an earlier call, whose answer was lost, has got
// through.
type TransitionError struct {
	CommandID uuid.UUID
	// From is the status the command has. To is empty when the command was to be stored, or to get a child, after it had finished.
	From, To Status
}

func (e *TransitionError) Error() string {
	if e.To == "" {
		return fmt.Sprintf("command %s has finished (%s): it stays as it is", e.CommandID, e.From)
	}
	return fmt.Sprintf("command %s is %s: it cannot be set to %s", e.CommandID, e.From, e.To)
}

// Is reports whether the target is ErrTransition.
func (e *TransitionError) Is(target error) bool { return target == ErrTransition }

// LiveDescendantsError names what keeps a command from being removed, the first twenty.
type LiveDescendantsError struct {
	CommandID uuid.UUID
	// Descendants have not finished, or are named by tasks. The command itself may be one of them.
	Descendants []uuid.UUID
	Tasks       []uuid.UUID
}

func (e *LiveDescendantsError) Error() string {
	var because []string
	if len(e.Tasks) > 0 {
		because = append(because, "tasks need it or commands below it: "+join(e.Tasks))
	} else {
		because = append(because, "these have not finished: "+join(e.Descendants))
	}
	return fmt.Sprintf("command %s cannot be removed, %s", e.CommandID, strings.Join(because, "; "))
}

// Is reports whether the target is ErrLiveDescendants.
func (e *LiveDescendantsError) Is(target error) bool { return target == ErrLiveDescendants }

// ParentError says which parent was wrong.
type ParentError struct {
	CommandID uuid.UUID
	// Parent is the one that was given, uuid.Nil for none.
	Parent uuid.UUID
	// Missing: there is no such command. Otherwise Stored is the parent that the command has, uuid.Nil for none.
	Missing bool
	Stored  uuid.UUID
}

func (e *ParentError) Error() string {
	if e.Missing {
		return fmt.Sprintf("command %s is to be below command %s, which is not there: store the parent first, or with it", e.CommandID, e.Parent)
	}
	return fmt.Sprintf("command %s was stored below %s and cannot be moved below %s", e.CommandID, name(e.Stored), name(e.Parent))
}

// Is reports whether the target is ErrParent.
func (e *ParentError) Is(target error) bool { return target == ErrParent }

// CycleError names a command that would be below itself, or that came twice in one call.
type CycleError struct{ CommandID uuid.UUID }

func (e *CycleError) Error() string {
	return fmt.Sprintf("command %s would be below itself, or comes twice", e.CommandID)
}

// Is reports whether the target is ErrCycle.
func (e *CycleError) Is(target error) bool { return target == ErrCycle }

// TooLargeError says how large the parameters are and may be, in bytes.
type TooLargeError struct {
	CommandID    uuid.UUID
	Bytes, Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the parameters of command %s have %d bytes, and %d are allowed (Options.MaxParameters)", e.CommandID, e.Bytes, e.Limit)
}

// Is reports whether the target is ErrTooLarge.
func (e *TooLargeError) Is(target error) bool { return target == ErrTooLarge }

// StatusError says what is no status.
type StatusError struct{ Status string }

func (e *StatusError) Error() string {
	return fmt.Sprintf("%q is no status of a command: use one of %v", e.Status, Statuses())
}

// Is reports whether the target is ErrStatus.
func (e *StatusError) Is(target error) bool { return target == ErrStatus }

// CutoffError says which cutoff lies in the future of the database's clock.
type CutoffError struct{ Before time.Time }

func (e *CutoffError) Error() string {
	return fmt.Sprintf("the cutoff %s lies in the future: nothing was cleaned up", e.Before.Format(time.RFC3339))
}

// Is reports whether the target is ErrCutoff.
func (e *CutoffError) Is(target error) bool { return target == ErrCutoff }

// NotUpgradedError says what is missing in the database.
type NotUpgradedError struct {
	Reason string
	// Phase is the one that the upgrade must have reached: switch for commands, retire for tasks.
	Phase string
}

func (e *NotUpgradedError) Error() string {
	return fmt.Sprintf(`%s: run "upgrade up --to %s" first`, e.Reason, e.Phase)
}

// Is reports whether the target is ErrNotUpgraded.
func (e *NotUpgradedError) Is(target error) bool { return target == ErrNotUpgraded }

func name(parent uuid.UUID) string {
	if parent == uuid.Nil {
		return "no command"
	}
	return "command " + parent.String()
}

func join(ids []uuid.UUID) string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, id.String())
	}
	return strings.Join(names, ", ")
}
