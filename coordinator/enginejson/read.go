package enginejson

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// path leads to a value, from the inside out: it is put into words only for an error.
type path struct {
	above *path
	name  string
	depth int
}

func (at *path) to(name string) *path {
	if at == nil {
		return &path{name: name, depth: 1}
	}
	return &path{above: at, name: name, depth: at.depth + 1}
}

func (at *path) tooDeep() bool { return at != nil && at.depth > MaxDepth }

func (at *path) String() string {
	if at == nil {
		return ""
	}
	above := at.above.String()
	if above == "" || strings.HasPrefix(at.name, "[") || strings.HasPrefix(at.name, "{") {
		return above + at.name
	}
	return above + "." + at.name
}

func (at *path) wrong(format string, args ...any) error {
	return &Error{Path: at.String(), reason: fmt.Sprintf(format, args...)}
}

func (at *path) item(i int) *path  { return at.to(fmt.Sprintf("[%d]", i)) }
func (at *path) entry(i int) *path { return at.to(fmt.Sprintf("{%d}", i)) }

// read puts a value into a variable of a type that is known.
func (ts types) read(v Value, into reflect.Value, at *path) error {
	t := into.Type()
	if t == valueType {
		into.Set(reflect.ValueOf(v))
		return nil
	}
	if v.kind == Null {
		if at == nil && t.Kind() == reflect.Struct {
			return at.wrong("it is null, and no parameters")
		}
		into.SetZero()
		return nil
	}
	if t.Kind() == reflect.Pointer {
		into.Set(reflect.New(t.Elem()))
		return ts.read(v, into.Elem(), at)
	}
	switch t {
	case guidType:
		return readGUID(v, into, at)
	case timeType:
		millis, err := integer(v, at)
		if err != nil {
			return err
		}
		into.Set(reflect.ValueOf(time.UnixMilli(millis).UTC()))
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return ts.readObject(v, into, at)
	case reflect.Slice:
		return ts.readList(v, into, at)
	case reflect.Map:
		return ts.readMap(v, into, at)
	default:
		return readScalar(v, into, at)
	}
}

func (ts types) readObject(v Value, into reflect.Value, at *path) error {
	known := ts[into.Type()]
	inner, class := v, v.Class()
	if _, of, typed := v.typed(); typed {
		inner = of
	}
	if inner.kind != Object {
		return at.wrong("it is %s, not an object", v.kind)
	}
	if known.class != "" && known.class != class {
		return at.wrong("it is not of class %s", known.class)
	}
	for _, f := range known.fields {
		member, ok := inner.Get(f.name)
		if !ok {
			continue
		}
		if err := ts.read(member, into.FieldByIndex(f.index), at.to(f.name)); err != nil {
			return err
		}
	}
	into.FieldByIndex(known.own).Set(reflect.ValueOf(Fields{read: &v}))
	return nil
}

func (ts types) readList(v Value, into reflect.Value, at *path) error {
	list, _ := v.list()
	if list.kind != Array {
		return at.wrong("it is %s, not a list", v.kind)
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list.items), len(list.items)))
	for i, item := range list.items {
		if err := ts.read(item, into.Index(i), at.item(i)); err != nil {
			return err
		}
	}
	return nil
}

func (ts types) readMap(v Value, into reflect.Value, at *path) error {
	entries := v
	if _, inner, typed := v.typed(); typed {
		entries = inner
	}
	if entries.kind != Object {
		return at.wrong("it is %s, not a map", v.kind)
	}
	t := into.Type()
	into.Set(reflect.MakeMapWithSize(t, len(entries.members)))
	for i, member := range entries.members {
		key, err := mapKey(member.Name, t.Key(), at.entry(i))
		if err != nil {
			return err
		}
		value := reflect.New(t.Elem()).Elem()
		if err := ts.read(member.Value, value, at.entry(i)); err != nil {
			return err
		}
		into.SetMapIndex(key, value)
	}
	return nil
}

func mapKey(name string, t reflect.Type, at *path) (reflect.Value, error) {
	if t != guidType {
		return reflect.ValueOf(name).Convert(t), nil
	}
	id, err := guid(name)
	if err != nil {
		return reflect.Value{}, at.wrong("its key is no GUID")
	}
	return reflect.ValueOf(id), nil
}

// guid is stricter than uuid.Parse, which takes forms that would be written back as another.
func guid(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err == nil && len(text) != len(uuid.Nil.String()) {
		return uuid.Nil, fmt.Errorf("%d letters", len(text))
	}
	return id, err
}

func readGUID(v Value, into reflect.Value, at *path) error {
	class, inner, typed := v.typed()
	text, ok := inner.Get("uuid")
	if !typed || !ok || !strings.HasSuffix(class.Text(), "Guid") || text.kind != String {
		return at.wrong("it is %s, not a GUID", v.kind)
	}
	id, err := guid(text.Text())
	if err != nil {
		return at.wrong("it is not a GUID")
	}
	into.Set(reflect.ValueOf(id))
	return nil
}

// untyped is a scalar itself, whether its class is told or not.
func untyped(v Value) Value {
	if _, inner, typed := v.typed(); typed {
		return inner
	}
	return v
}

func integer(v Value, at *path) (int64, error) {
	v = untyped(v)
	if v.kind != Number {
		return 0, at.wrong("it is %s, not a number", v.kind)
	}
	number, err := strconv.ParseInt(v.literal, 10, 64)
	if err != nil {
		return 0, at.wrong("it is no integer of 64 bits")
	}
	return number, nil
}

func readScalar(v Value, into reflect.Value, at *path) error {
	v = untyped(v)
	t := into.Type()
	switch t.Kind() {
	case reflect.Bool:
		if v.kind != Bool {
			return at.wrong("it is %s, not a boolean", v.kind)
		}
		into.SetBool(v.literal == "true")
	case reflect.String:
		if v.kind != String {
			return at.wrong("it is %s, not a string", v.kind)
		}
		into.SetString(v.Text())
	case reflect.Float32, reflect.Float64:
		return readFloat(v, into, at)
	default:
		return readInteger(v, into, at)
	}
	return nil
}

func readFloat(v Value, into reflect.Value, at *path) error {
	text := v.literal
	if v.kind == String && isNotFinite(v.Text()) {
		text = v.Text()
	} else if v.kind != Number {
		return at.wrong("it is %s, not a number", v.kind)
	}
	number, err := strconv.ParseFloat(text, into.Type().Bits())
	if err != nil {
		return at.wrong("it does not fit Go type %s", into.Type())
	}
	into.SetFloat(number)
	return nil
}

// isNotFinite tells whether a string is what the engine writes for a number that JSON has no literal for.
func isNotFinite(text string) bool { return text == "NaN" || text == "Infinity" || text == "-Infinity" }

func readInteger(v Value, into reflect.Value, at *path) error {
	if into.CanUint() {
		number, err := strconv.ParseUint(v.literal, 10, into.Type().Bits())
		if v.kind != Number || err != nil {
			return at.wrong("it does not fit Go type %s", into.Type())
		}
		into.SetUint(number)
		return nil
	}
	number, err := strconv.ParseInt(v.literal, 10, into.Type().Bits())
	if v.kind != Number || err != nil {
		return at.wrong("it does not fit Go type %s", into.Type())
	}
	into.SetInt(number)
	return nil
}
