package coordinator

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync"
)

// Key names the parameters of commands: what a command is, and the class that its parameters were written as. A class that is NULL
// in the database is the empty string here.
type Key struct {
	// Type is the command's type, or AnyType.
	Type int32
	// Class is the parameters' class.
	Class string
}

// AnyType stands in a Key for every type: the class alone says what the parameters are. A key with the very type comes first.
// A command that an upgrade has made out of a task may have type 0 and still have the class of its parameters. There is no key for a
// type with any class: another class is another form.
const AnyType int32 = math.MinInt32

// String returns the type and the class as a part of a sentence.
func (k Key) String() string {
	class := fmt.Sprintf("class %q", k.Class)
	if k.Class == "" {
		class = "no class"
	}
	if k.Type == AnyType {
		return "any type, " + class
	}
	return fmt.Sprintf("type %d, %s", k.Type, class)
}

// Registry knows the Go type of each kind of parameters, and the codec that reads and writes them. Its zero value is empty and ready. It
// may be used by several goroutines, also while types are registered.
type Registry struct {
	mu    sync.RWMutex
	forms map[Key]form
}

// form is a Codec[T] whose T is only known at run time.
type form struct {
	name   string
	encode func(any) (string, error)
	decode func(string) (any, error)
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{} }

// Register lets commands with this key have parameters of type T. A key is registered once: the second time gives a
// *DuplicateError, and what was registered stays. A codec that knows already that it cannot work with T says so in a method
// Check() error, which is asked here.
func Register[T any](r *Registry, key Key, codec Codec[T]) error {
	name := reflect.TypeFor[T]().String()
	if r == nil || codec == nil {
		return fmt.Errorf("register %s for %s: a registry and a codec are needed", name, key)
	}
	if checked, ok := codec.(interface{ Check() error }); ok {
		if err := checked.Check(); err != nil {
			return fmt.Errorf("register %s for %s: %w", name, key, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if there, ok := r.forms[key]; ok {
		return &DuplicateError{Key: key, Registered: there.name, Refused: name}
	}
	if r.forms == nil {
		r.forms = map[Key]form{}
	}
	r.forms[key] = form{
		name: name,
		encode: func(value any) (string, error) {
			typed, ok := value.(T)
			if !ok {
				return "", &codecError{reason: fmt.Sprintf("%T was given, and %s is registered", value, name)}
			}
			return codec.Encode(typed)
		},
		decode: func(text string) (any, error) { return codec.Decode(text) },
	}
	return nil
}

func (r *Registry) form(key Key) (form, bool) {
	if r == nil {
		return form{}, false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if found, ok := r.forms[key]; ok {
		return found, true
	}
	found, ok := r.forms[Key{Type: AnyType, Class: key.Class}]
	return found, ok
}

// decode reads the text of parameters. The error is an *OpaqueError, whatever happened.
func (r *Registry) decode(key Key, text string) (any, error) {
	known, ok := r.form(key)
	if !ok {
		missing := &NotRegisteredError{Key: key}
		return nil, &OpaqueError{Key: key, Reason: missing.reason(), cause: missing}
	}
	value, err := guarded(func() (any, error) { return known.decode(text) })
	if err != nil {
		return nil, &OpaqueError{Key: key, Reason: fmt.Sprintf("cannot be read as %s: %s", known.name, reason(err)), cause: err}
	}
	return value, nil
}

// encode writes parameters as text that the database can hold. The error is a *NotRegisteredError or a *ParametersError.
func (r *Registry) encode(key Key, value any) (string, error) {
	known, ok := r.form(key)
	if !ok {
		return "", &NotRegisteredError{Key: key}
	}
	text, err := guarded(func() (string, error) { return known.encode(value) })
	if err == nil {
		err = storable(text)
	}
	if err != nil {
		return "", &ParametersError{Key: key, Reason: reason(err), cause: err}
	}
	return text, nil
}

// guarded calls a codec, which may be anybody's, and takes a panic for an error. What it panicked with may hold the text.
func guarded[T any](call func() (T, error)) (result T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			var none T
			result, err = none, &codecError{reason: fmt.Sprintf("the codec panicked (%T)", cause)}
		}
	}()
	return call()
}

// reason says what went wrong in a codec. An error says it by itself only in a method Reason() string, which promises that
// nothing of the text is in it; of any other error only the type is told.
func reason(err error) string {
	if safe, ok := errors.AsType[interface {
		error
		Reason() string
	}](err); ok {
		return safe.Reason()
	}
	return fmt.Sprintf("the codec failed (%T)", err)
}
