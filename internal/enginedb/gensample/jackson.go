package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object is a JSON object that keeps the order of its fields, as the engine's serializer does.
type object []field

type field struct {
	key   string
	value any
}

// array is a JSON array; number is a number literal that is written as it stands.
type (
	array  []any
	number string
)

// with returns a copy of o with fields added at the end.
func (o object) with(fields ...field) object {
	return append(append(object{}, o...), fields...)
}

// render writes v the way the engine's pretty printer lays it out: two spaces for each object around a field,
// a space on both sides of the colon, arrays on the line they start on.
func render(v any) string {
	var b strings.Builder
	writeValue(&b, v, 0)
	return b.String()
}

func writeValue(b *strings.Builder, v any, depth int) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int:
		b.WriteString(strconv.Itoa(v))
	case number:
		b.WriteString(string(v))
	case string:
		writeString(b, v)
	case array:
		writeArray(b, v, depth)
	case object:
		writeObject(b, v, depth)
	default:
		panic(fmt.Sprintf("no JSON for %T", v))
	}
}

func writeArray(b *strings.Builder, a array, depth int) {
	b.WriteString("[ ")
	for i, v := range a {
		if i > 0 {
			b.WriteString(", ")
		}
		writeValue(b, v, depth)
	}
	if len(a) > 0 {
		b.WriteByte(' ')
	}
	b.WriteByte(']')
}

func writeObject(b *strings.Builder, o object, depth int) {
	if len(o) == 0 {
		b.WriteString("{ }")
		return
	}
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.WriteString(strings.Repeat("  ", depth+1))
		writeString(b, f.key)
		b.WriteString(" : ")
		writeValue(b, f.value, depth+1)
	}
	b.WriteByte('\n')
	b.WriteString(strings.Repeat("  ", depth))
	b.WriteByte('}')
}

// writeString escapes quotes, backslashes and control characters, and leaves every other character as it is.
func writeString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\f':
			b.WriteString(`\f`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ':
			fmt.Fprintf(b, `\u%04X`, r)
		case r == utf8.RuneError:
			panic("text is not UTF-8")
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}
