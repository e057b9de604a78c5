package enginejson

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"
)

var (
	fieldsType = reflect.TypeFor[Fields]()
	guidType   = reflect.TypeFor[uuid.UUID]()
	timeType   = reflect.TypeFor[time.Time]()
	valueType  = reflect.TypeFor[Value]()
)

// types are the composite types that a codec meets, each once: they may hold themselves. Of a struct it says what its tags say.
type types map[reflect.Type]*object

// object is what the tags of a struct say.
type object struct {
	class  string
	own    []int // index of the embedded Fields
	fields []field
	byName map[string]int
}

type field struct {
	name  string
	index []int
	opts  options
}

// options say how a new value is written.
type options struct {
	plain bool
	class string
}

// root looks at the type that a codec is for.
func (ts types) root(t reflect.Type) error {
	of := t
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of != valueType && !ts.isObject(of) {
		return fmt.Errorf("enginejson: %s is neither a struct that embeds enginejson.Fields nor enginejson.Value", t)
	}
	return ts.add(t)
}

func (types) isObject(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != guidType && t != timeType && t != valueType
}

// add looks at a type and all types in it.
func (ts types) add(t reflect.Type) error {
	if t == guidType || t == timeType || t == valueType {
		return nil
	}
	if _, seen := ts[t]; seen {
		return nil
	}
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return nil
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return fmt.Errorf("enginejson: %s has no form in the engine's JSON", t)
		}
		ts[t] = nil // before its elements, which may be of the same type
		return ts.add(t.Elem())
	case reflect.Pointer:
		if t.Elem().Kind() == reflect.Pointer {
			return fmt.Errorf("enginejson: %s points twice", t)
		}
		return ts.add(t.Elem())
	case reflect.Map:
		if t.Key() != guidType && t.Key().Kind() != reflect.String {
			return fmt.Errorf("enginejson: the keys of %s are neither strings nor uuid.UUID", t)
		}
		ts[t] = nil
		return ts.add(t.Elem())
	case reflect.Struct:
		return ts.addStruct(t)
	default:
		return fmt.Errorf("enginejson: %s has no form in the engine's JSON", t)
	}
}

func (ts types) addStruct(t reflect.Type) error {
	known := &object{byName: map[string]int{}}
	ts[t] = known
	if err := ts.addFields(known, t, nil); err != nil {
		return err
	}
	if known.own == nil {
		return fmt.Errorf("enginejson: %s does not embed enginejson.Fields", t)
	}
	return nil
}

func (ts types) addFields(known *object, t reflect.Type, above []int) error {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int(nil), above...), i)
		tag, tagged := f.Tag.Lookup("engine")
		switch {
		case f.Type == fieldsType && f.Anonymous:
			if known.own != nil {
				return fmt.Errorf("enginejson: %s embeds enginejson.Fields twice", t)
			}
			known.own, known.class = index, tag
		case f.Anonymous && !tagged && ts.isObject(f.Type):
			if err := ts.addFields(known, f.Type, index); err != nil {
				return err
			}
		case tag == "-", !f.IsExported() && !tagged:
		case !tagged || !f.IsExported():
			return fmt.Errorf("enginejson: field %s of %s needs a tag and an exported name, or the tag %q", f.Name, t, `engine:"-"`)
		default:
			if err := ts.addField(known, f, tag, index); err != nil {
				return fmt.Errorf("%w, at field %s of %s", err, f.Name, t)
			}
		}
	}
	return nil
}

func (ts types) addField(known *object, f reflect.StructField, tag string, index []int) error {
	parts := strings.Split(tag, ",")
	name := parts[0]
	if _, twice := known.byName[name]; twice || name == "" || name == classMember {
		return fmt.Errorf("enginejson: %q cannot be its name, or is another field's", name)
	}
	opts := options{}
	for _, option := range parts[1:] {
		class, typed := strings.CutPrefix(option, "type=")
		switch {
		case option == "plain":
			opts.plain = true
		case typed && class != "":
			opts.class = class
		default:
			return fmt.Errorf("enginejson: %q is neither plain nor type=CLASS", option)
		}
	}
	known.byName[name] = len(known.fields)
	known.fields = append(known.fields, field{name: name, index: index, opts: opts})
	return ts.add(f.Type)
}
