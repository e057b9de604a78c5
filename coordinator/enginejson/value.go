package enginejson

import (
	"fmt"
	"slices"
	"strings"
)

// Kind tells what a Value is.
type Kind uint8

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// String returns the kind's name in a sentence.
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[min(k, Object)]
}

// Value is a text of JSON as a tree: members stay in their order, also those that come twice, and numbers and strings stay the
// literals that were read. The zero value is null. A Value does not change; a field of this type takes whatever is there, and
// Parse makes a new one.
type Value struct {
	kind    Kind
	literal string // of everything but arrays and objects; of a string with its quotes
	items   []Value
	members []Member
}

// Member is a part of an object.
type Member struct {
	Name  string
	Value Value

	literal string
}

// Kind returns what the value is.
func (v Value) Kind() Kind { return v.kind }

// Items returns the elements of an array. They are not to be changed.
func (v Value) Items() []Value { return v.items }

// Members returns the members of an object in their order. They are not to be changed.
func (v Value) Members() []Member { return v.members }

// Get returns a member of an object. Of members that come twice it is the last: that is the one the engine takes.
func (v Value) Get(name string) (Value, bool) {
	i := lastIndex(v.members, name)
	if i < 0 {
		return Value{}, false
	}
	return v.members[i].Value, true
}

func lastIndex(members []Member, name string) int {
	for i, member := range slices.Backward(members) {
		if member.Name == name {
			return i
		}
	}
	return -1
}

// Text returns a string without quotes and escapes, of all other scalars the literal. A half of a surrogate pair, which Go's
// strings cannot hold, reads as U+FFFD.
func (v Value) Text() string {
	if v.kind == String {
		return unquote(v.literal)
	}
	if v.kind == Null {
		return "null"
	}
	return v.literal
}

// Class returns the name of the Java class that the value says it has: the member "@class" of an object, or the first of the two
// elements of a typed value. Empty: it says none.
func (v Value) Class() string {
	if class, _, typed := v.typed(); typed {
		return class.Text()
	}
	for _, member := range v.members { // of members that come twice the engine takes this one first
		if member.Name == classMember && member.Value.kind == String {
			return member.Value.Text()
		}
	}
	return ""
}

const classMember = "@class"

// typed takes a typed value apart, [ "java.util.ArrayList", [ … ] ]: the class and what is of it.
func (v Value) typed() (class, inner Value, ok bool) {
	if v.kind != Array || len(v.items) != 2 || v.items[0].kind != String || !strings.Contains(v.items[0].literal, ".") {
		return Value{}, v, false
	}
	return v.items[0], v.items[1], true
}

// list takes a list apart: a typed value, or the array itself.
func (v Value) list() (inner Value, typed bool) {
	if _, inner, typed := v.typed(); typed && inner.kind == Array {
		return inner, true
	}
	return v, false
}

// String says what the value is, and not what is in it: parameters may hold secrets. JSON gives the text.
func (v Value) String() string {
	switch v.kind {
	case Array:
		return fmt.Sprintf("%s of %d", v.kind, len(v.items))
	case Object:
		return fmt.Sprintf("%s of %d members", v.kind, len(v.members))
	default:
		return v.kind.String()
	}
}

// GoString is String, for the verb %#v.
func (v Value) GoString() string { return v.String() }
