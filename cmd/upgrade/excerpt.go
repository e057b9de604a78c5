package main

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/ovirt/coco/upgrade"
)

// excerptText shows lines of a migration with their numbers, and a caret under the character that the server names. Without one the
// line itself is marked.
func excerptText(e *upgrade.Excerpt) string {
	if e == nil {
		return ""
	}
	var text strings.Builder
	if e.File != "" {
		place := fmt.Sprintf("%s:%d", e.File, e.Line)
		if e.Column > 0 {
			place += fmt.Sprintf(":%d", e.Column)
		}
		fmt.Fprintf(&text, "  %s\n", place)
	}
	width := len(fmt.Sprint(e.First + len(e.Lines)))
	for i, line := range e.Lines {
		number, mark := e.First+i, ' '
		if number == e.Line && e.Column == 0 {
			mark = '>'
		}
		fmt.Fprintf(&text, "%s\n", strings.TrimRight(fmt.Sprintf("%c %*d | %s", mark, width, number, line), " "))
		if number == e.Line && e.Column > 0 {
			fmt.Fprintf(&text, "  %*s | %s^\n", width, "", below(line, e.Column))
		}
	}
	if e.Function != "" {
		fmt.Fprintf(&text, "  in line %d of %s\n", e.FunctionLine, e.Function)
	}
	return text.String()
}

// below is what takes as much room in a terminal as the characters before a column: a tab stays one.
func below(line string, column int) string {
	var room strings.Builder
	for i, character := range []rune(line) {
		if i+1 >= column {
			break
		}
		switch {
		case character == '\t':
			room.WriteByte('\t')
		case unicode.Is(unicode.Mn, character) || unicode.Is(unicode.Me, character):
		case unicode.In(character, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
			character >= 0xFF01 && character <= 0xFF60, character >= 0x1F300 && character <= 0x1FAFF:
			room.WriteString("  ")
		default:
			room.WriteByte(' ')
		}
	}
	return room.String()
}
