package coordinator

import (
	"errors"
	"fmt"
)

// What is wrong between a command's text and its parameters. Test with errors.Is; errors.As with the types below gives more.
var (
	// ErrDuplicate: a key was registered a second time. *DuplicateError.
	ErrDuplicate = errors.New("registered already")
	// ErrNotRegistered: no type is registered for a command's type and class. *NotRegisteredError.
	ErrNotRegistered = errors.New("not registered")
	// ErrOpaque: the parameters of a command were not read, only their text is there. *OpaqueError.
	ErrOpaque = errors.New("opaque")
	// ErrParameters: parameters cannot be written as a text that the database can hold. *ParametersError.
	ErrParameters = errors.New("parameters cannot be written")
)

// DuplicateError says that a key has its type already.
type DuplicateError struct {
	Key Key
	// Registered and Refused are the names of the Go types: the one that stays, and the one that came second.
	Registered, Refused string
}

// Error names the key and both types.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("register %s for %s: %s is registered already. A key has one type: choose one of the two", e.Refused, e.Key, e.Registered)
}

// Is makes it ErrDuplicate.
func (*DuplicateError) Is(target error) bool { return target == ErrDuplicate }

// NotRegisteredError says that nobody has registered a type for a key.
type NotRegisteredError struct{ Key Key }

// Error names the key and the next step.
func (e *NotRegisteredError) Error() string {
	return "parameters of a command: " + e.reason() + ". Register one in Options.Registry"
}

func (e *NotRegisteredError) reason() string {
	return fmt.Sprintf("no type is registered for %s", e.Key)
}

// Is makes it ErrNotRegistered.
func (*NotRegisteredError) Is(target error) bool { return target == ErrNotRegistered }

// OpaqueError says why the parameters of a command were not read. The command can be used otherwise, and keeps its text.
type OpaqueError struct {
	Key Key
	// Reason is a part of a sentence. Nothing of the text is in it.
	Reason string

	cause error
}

// Error names the key and the reason.
func (e *OpaqueError) Error() string {
	return fmt.Sprintf("parameters of a command of %s are opaque: %s", e.Key, e.Reason)
}

// Is makes it ErrOpaque.
func (*OpaqueError) Is(target error) bool { return target == ErrOpaque }

// Unwrap returns the codec's error, or a *NotRegisteredError. What a codec says may quote the text: do not log it.
func (e *OpaqueError) Unwrap() error { return e.cause }

// ParametersError says why parameters cannot be written. Nothing was sent to the database.
type ParametersError struct {
	Key Key
	// Reason is a part of a sentence. Nothing of the parameters is in it.
	Reason string

	cause error
}

// Error names the key and the reason.
func (e *ParametersError) Error() string {
	return fmt.Sprintf("parameters for a command of %s cannot be written: %s", e.Key, e.Reason)
}

// Is makes it ErrParameters.
func (*ParametersError) Is(target error) bool { return target == ErrParameters }

// Unwrap returns the codec's error. What a codec says may quote the parameters: do not log it.
func (e *ParametersError) Unwrap() error { return e.cause }
