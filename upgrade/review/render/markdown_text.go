package render

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/ovirt/coco/internal/human"
)

// fence writes lines as they are, within more backticks than any of them has.
func (m *markdown) fence(indent, info, lines string) {
	lines = human.VisibleLines(strings.TrimRight(lines, "\n"))
	fence := "```"
	for strings.Contains(lines, fence) {
		fence += "`"
	}
	m.linef("%s%s%s", indent, fence, info)
	for line := range strings.SplitSeq(lines, "\n") {
		m.linef("%s", strings.TrimRight(indent+line, " "))
	}
	m.linef("%s%s", indent, fence)
}

// code writes a name as code.
func code(text string) string {
	fence := "`"
	text = human.Visible(text)
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + text + fence
}

func escapedAll(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, escaped(line))
	}
	return all
}

// escaped writes a text so that it means nothing in Markdown: no mark, no HTML, no link, no mention of a person.
func escaped(text string) string {
	letters := []rune(human.Visible(text))
	var out strings.Builder
	for i, r := range letters {
		inWord := i > 0 && i+1 < len(letters) && isWord(letters[i-1]) && isWord(letters[i+1])
		switch {
		case r == '_' && inWord: // no emphasis within a word
			out.WriteRune(r)
		case r == '<', r == '>', r == '&', r == '@', r == '#', r == ':' && i+1 < len(letters) && letters[i+1] == '/':
			fmt.Fprintf(&out, "&#%d;", r)
		case strings.ContainsRune("\\`*_{}[]|~$", r), r == '!' && i+1 < len(letters) && letters[i+1] != ' ':
			out.WriteString(`\` + string(r))
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
