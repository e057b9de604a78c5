package enginejson

import (
	"cmp"
	"reflect"
	"slices"
)

// The classes of new values that are told by none.
const (
	guidClass = "org.ovirt.engine.core.compat.Guid"
	listClass = "java.util.ArrayList"
	mapClass  = "java.util.HashMap"
)

// write returns a variable as a value. Old is what the variable was read from, or nothing: what has not changed stays as it is there,
// and what has changed keeps the class that it has there.
func (ts types) write(from reflect.Value, opts options, old *Value, at *path) (Value, error) {
	t := from.Type()
	if at.tooDeep() {
		return Value{}, &Error{reason: "it is too deep, or holds itself"}
	}
	if t == valueType {
		value, _ := reflect.TypeAssert[Value](from)
		return value, nil
	}
	if old != nil && old.kind == Null && from.IsZero() {
		return *old, nil
	}
	if t.Kind() == reflect.Pointer {
		if from.IsNil() {
			return Value{}, nil
		}
		return ts.write(from.Elem(), opts, notNull(old), at)
	}
	old = notNull(old)
	isLeaf := t == guidType || t == timeType
	switch {
	case !isLeaf && t.Kind() == reflect.Struct:
		return ts.writeObject(from, opts, old, at)
	case t.Kind() == reflect.Slice:
		return ts.writeList(from, opts, old, at)
	case t.Kind() == reflect.Map:
		return ts.writeMap(from, opts, old, at)
	}
	if old != nil {
		before := reflect.New(t).Elem()
		if ts.read(*old, before, at) == nil && sameLeaf(before, from) {
			return *old, nil
		}
	}
	value, err := writeLeaf(from, at)
	if err != nil {
		return Value{}, err
	}
	class := opts.class
	if t == guidType {
		class = cmp.Or(class, guidClass)
	}
	if old != nil {
		was, _, typed := old.typed()
		return rewrapped(value, was, typed), nil
	}
	return wrapped(value, class), nil
}

func notNull(old *Value) *Value {
	if old == nil || old.kind == Null {
		return nil
	}
	return old
}

// wrapped makes a typed value, or leaves it alone where no class is given.
func wrapped(value Value, class string) Value {
	if class == "" {
		return value
	}
	return newTyped(class, value)
}

// rewrapped makes a typed value if there was one, of the class that was there.
func rewrapped(value, class Value, typed bool) Value {
	if !typed {
		return value
	}
	return Value{kind: Array, items: []Value{class, value}}
}

func (ts types) writeObject(from reflect.Value, opts options, old *Value, at *path) (Value, error) {
	known := ts[from.Type()]
	own, _ := reflect.TypeAssert[Fields](from.FieldByIndex(known.own))
	if own.read == nil {
		return ts.writeNewObject(from, known, opts, old, at)
	}
	class, before, typed := own.read.typed()
	after := Value{kind: Object, members: slices.Clone(before.members)}
	for _, f := range known.fields {
		now := from.FieldByIndex(f.index)
		i := lastIndex(after.members, f.name)
		if i < 0 && now.IsZero() {
			continue
		}
		var was *Value
		if i >= 0 {
			was = &before.members[i].Value
		}
		value, err := ts.write(now, f.opts, was, at.to(f.name))
		if err != nil {
			return Value{}, err
		}
		if i < 0 {
			after.members = append(after.members, newMember(f.name, value))
			continue
		}
		after.members[i].Value = value
	}
	return rewrapped(after, class, typed), nil
}

// writeNewObject writes an object that was never read. The one that it replaces tells how the class is written, and which it is if the
// struct does not say.
func (ts types) writeNewObject(from reflect.Value, known *object, opts options, old *Value, at *path) (Value, error) {
	class, typed := cmp.Or(known.class, opts.class), opts.class != ""
	if old != nil {
		class = cmp.Or(class, old.Class())
		_, _, typed = old.typed()
	}
	value := Value{kind: Object}
	if !typed && class != "" {
		value.members = append(value.members, newMember(classMember, newString(class)))
	}
	for _, f := range known.fields {
		member, err := ts.write(from.FieldByIndex(f.index), f.opts, nil, at.to(f.name))
		if err != nil {
			return Value{}, err
		}
		value.members = append(value.members, newMember(f.name, member))
	}
	if !typed {
		return value, nil
	}
	return newTyped(class, value), nil
}
