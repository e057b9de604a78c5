package enginejson

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

func (ts types) writeList(from reflect.Value, opts options, old *Value, at *path) (Value, error) {
	if from.IsNil() {
		return Value{}, nil
	}
	var before []Value
	if old != nil {
		inner, _ := old.list()
		before = inner.items
	}
	list := Value{kind: Array}
	for i := range from.Len() {
		var was *Value
		if i < len(before) {
			was = &before[i]
		}
		item, err := ts.write(from.Index(i), options{}, was, at.item(i))
		if err != nil {
			return Value{}, err
		}
		list.items = append(list.items, item)
	}
	if old != nil {
		_, typed := old.list()
		class, _, _ := old.typed()
		return rewrapped(list, class, typed), nil
	}
	return wrapped(list, opts.containerClass(listClass)), nil
}

func (o options) containerClass(byDefault string) string {
	if o.plain {
		return ""
	}
	return cmp.Or(o.class, byDefault)
}

func (ts types) writeMap(from reflect.Value, opts options, old *Value, at *path) (Value, error) {
	if from.IsNil() {
		return Value{}, nil
	}
	var before []Member
	if old != nil {
		before = untyped(*old).members
	}
	last := map[string]int{} // of entries that come twice the last is the one that was read
	keys := make([]reflect.Value, 0, len(before))
	for i, member := range before {
		key, err := mapKey(member.Name, from.Type().Key(), at.entry(i))
		if err != nil {
			return Value{}, err
		}
		keys = append(keys, key)
		last[keyText(key)] = i
	}
	entries := Value{kind: Object}
	for i, member := range before {
		now := from.MapIndex(keys[i])
		if !now.IsValid() {
			continue
		}
		if last[keyText(keys[i])] == i {
			value, err := ts.write(now, options{}, &before[i].Value, at.entry(i))
			if err != nil {
				return Value{}, err
			}
			member.Value = value
		}
		entries.members = append(entries.members, member)
	}
	keys = from.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(keyText(a), keyText(b)) })
	for _, key := range keys {
		name := keyText(key)
		if _, written := last[name]; written {
			continue
		}
		here := at.entry(len(entries.members))
		if !utf8.ValidString(name) {
			return Value{}, here.wrong("its key is not valid UTF-8")
		}
		value, err := ts.write(from.MapIndex(key), options{}, nil, here)
		if err != nil {
			return Value{}, err
		}
		entries.members = append(entries.members, newMember(name, value))
	}
	if old != nil {
		class, _, typed := old.typed()
		return rewrapped(entries, class, typed), nil
	}
	return wrapped(entries, opts.containerClass(mapClass)), nil
}

func keyText(key reflect.Value) string {
	if id, ok := reflect.TypeAssert[uuid.UUID](key); ok {
		return id.String()
	}
	return key.String()
}
