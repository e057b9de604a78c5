package enginejson

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// sameLeaf compares as far as the text can tell two values apart.
func sameLeaf(a, b reflect.Value) bool {
	if a.CanFloat() {
		return math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	}
	if a.Type() == timeType {
		return millis(a) == millis(b)
	}
	return a.Equal(b)
}

func millis(v reflect.Value) int64 {
	at, _ := reflect.TypeAssert[time.Time](v)
	return at.UnixMilli()
}

func writeLeaf(from reflect.Value, at *path) (Value, error) {
	switch t := from.Type(); {
	case t == guidType:
		id, _ := reflect.TypeAssert[uuid.UUID](from)
		return Value{kind: Object, members: []Member{newMember("uuid", newString(id.String()))}}, nil
	case t == timeType:
		return Value{kind: Number, literal: strconv.FormatInt(millis(from), 10)}, nil
	case from.CanInt():
		return Value{kind: Number, literal: strconv.FormatInt(from.Int(), 10)}, nil
	case from.CanUint():
		return Value{kind: Number, literal: strconv.FormatUint(from.Uint(), 10)}, nil
	case from.CanFloat():
		return writeFloat(from.Float(), t.Bits()), nil
	case t.Kind() == reflect.Bool:
		return Value{kind: Bool, literal: strconv.FormatBool(from.Bool())}, nil
	}
	if !utf8.ValidString(from.String()) {
		return Value{}, at.wrong("it is not valid UTF-8")
	}
	return newString(from.String()), nil
}

// writeFloat writes a number that the engine reads as a double also where nothing but its form says so: with a point or exponent.
func writeFloat(number float64, bits int) Value {
	switch {
	case math.IsNaN(number):
		return newString("NaN")
	case math.IsInf(number, 1):
		return newString("Infinity")
	case math.IsInf(number, -1):
		return newString("-Infinity")
	}
	literal := strconv.FormatFloat(number, 'g', -1, bits)
	if !strings.ContainsAny(literal, ".e") {
		literal += ".0"
	}
	return Value{kind: Number, literal: literal}
}
