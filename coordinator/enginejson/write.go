package enginejson

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns the value as text, laid out as the engine does it: a member a line, two spaces a level, the elements of an array
// behind each other. What the engine itself wrote comes out byte for byte.
func (v Value) JSON() string {
	var text strings.Builder
	v.write(&text, 0)
	return text.String()
}

func (v Value) write(text *strings.Builder, level int) {
	switch v.kind {
	case Null:
		text.WriteString("null")
	case Array:
		text.WriteString("[ ")
		for i, item := range v.items {
			if i > 0 {
				text.WriteString(", ")
			}
			item.write(text, level)
		}
		if len(v.items) > 0 {
			text.WriteByte(' ')
		}
		text.WriteByte(']')
	case Object:
		text.WriteByte('{')
		for i, member := range v.members {
			if i > 0 {
				text.WriteByte(',')
			}
			newLine(text, level+1)
			text.WriteString(member.literal)
			text.WriteString(" : ")
			member.Value.write(text, level+1)
		}
		if len(v.members) == 0 {
			text.WriteString(" }")
			return
		}
		newLine(text, level)
		text.WriteByte('}')
	default:
		text.WriteString(v.literal)
	}
}

func newLine(text *strings.Builder, level int) {
	text.WriteByte('\n')
	for range level {
		text.WriteString("  ")
	}
}

func newMember(name string, value Value) Member {
	return Member{Name: name, Value: value, literal: quote(name)}
}

func newString(text string) Value { return Value{kind: String, literal: quote(text)} }

func newTyped(class string, value Value) Value {
	return Value{kind: Array, items: []Value{newString(class), value}}
}

// quote writes a string as the engine does.
func quote(text string) string {
	var quoted strings.Builder
	quoted.WriteByte('"')
	for _, c := range []byte(text) {
		switch {
		case c == '"', c == '\\':
			quoted.WriteByte('\\')
			quoted.WriteByte(c)
		case c >= ' ':
			quoted.WriteByte(c)
		case strings.IndexByte("\b\t\n\f\r", c) >= 0:
			quoted.WriteByte('\\')
			quoted.WriteByte("btn?fr"[c-'\b'])
		default:
			fmt.Fprintf(&quoted, `\u%04X`, c)
		}
	}
	quoted.WriteByte('"')
	return quoted.String()
}

// unquote reads a string that the parser has passed.
func unquote(literal string) string {
	inside := literal[1 : len(literal)-1]
	if strings.IndexByte(inside, '\\') < 0 {
		return inside
	}
	text := make([]byte, 0, len(inside))
	for len(inside) > 0 {
		if inside[0] != '\\' {
			text, inside = append(text, inside[0]), inside[1:]
			continue
		}
		if inside[1] != 'u' {
			text, inside = append(text, unescaped(inside[1])), inside[2:]
			continue
		}
		first := codeUnit(inside)
		inside = inside[6:]
		if utf16.IsSurrogate(first) && strings.HasPrefix(inside, `\u`) {
			if pair := utf16.DecodeRune(first, codeUnit(inside)); pair != utf8.RuneError {
				text, inside = utf8.AppendRune(text, pair), inside[6:]
				continue
			}
		}
		text = utf8.AppendRune(text, first) // half of a pair becomes U+FFFD
	}
	return string(text)
}

func unescaped(c byte) byte {
	if i := strings.IndexByte("bfnrt", c); i >= 0 {
		return "\b\f\n\r\t"[i]
	}
	return c
}

// codeUnit reads the four digits of \uXXXX.
func codeUnit(escape string) rune {
	unit, _ := strconv.ParseUint(escape[2:6], 16, 16) // the parser has seen the digits
	return rune(unit)
}
