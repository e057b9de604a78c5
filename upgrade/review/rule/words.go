package rule

import (
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/token"
)

// words is a statement, taken apart.
type words []token.Token

// at returns the text of a token, empty behind the end.
func (w words) at(i int) string {
	if i < 0 || i >= len(w) {
		return ""
	}
	return w[i].Text
}

// follow says whether these words stand at a place.
func (w words) follow(i int, sequence ...string) bool {
	for n, text := range sequence {
		if w.at(i+n) != text {
			return false
		}
	}
	return true
}

// index returns where these words stand first, at a place or behind it; -1 if nowhere.
func (w words) index(from int, sequence ...string) int {
	for i := from; i < len(w); i++ {
		if w.follow(i, sequence...) {
			return i
		}
	}
	return -1
}

func (w words) has(sequence ...string) bool { return w.index(0, sequence...) >= 0 }

// one says whether one of the words stands in it.
func (w words) one(texts ...string) bool {
	return slices.ContainsFunc(w, func(t token.Token) bool { return slices.Contains(texts, t.Text) })
}

// name reads a name at a place, with or without a schema, and returns what is behind it. The schema is empty if none is named.
func (w words) name(i int) (schema, name string, next int) {
	if i < 0 || i >= len(w) {
		return "", "", i
	}
	name = w[i].Identifier()
	for next = i + 1; w.at(next) == "." && next+1 < len(w); next += 2 {
		schema, name = name, w[next+1].Identifier()
	}
	return schema, name, next
}

// close returns where the parenthesis that opens at a place is closed.
func (w words) close(open int) int {
	depth := 0
	for i := open; i < len(w); i++ {
		switch w[i].Text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return len(w)
}

// pieces cuts at each such sign outside of parentheses.
func (w words) pieces(sign string) []words {
	var (
		found []words
		depth int
		start int
	)
	for i, t := range w {
		switch {
		case t.Text == "(" || t.Text == "[":
			depth++
		case t.Text == ")" || t.Text == "]":
			depth--
		case t.Text == sign && depth == 0:
			found = append(found, w[start:i])
			start = i + 1
		}
	}
	return append(found, w[start:])
}

// line is the number of the line in which a byte of a text stands, from 1.
func line(text string, at int) int { return 1 + strings.Count(text[:min(at, len(text))], "\n") }

// short is a piece of SQL as evidence: one line, its texts left out.
func (w words) short() string {
	const most = 120
	var out strings.Builder
	for i, t := range w {
		text := t.Text
		if t.Kind == token.String {
			text = "'…'"
		}
		if i > 0 && w[i-1].End < t.Start {
			out.WriteByte(' ')
		}
		if out.Len()+len(text) > most {
			return strings.TrimSpace(out.String()) + " …"
		}
		out.WriteString(text)
	}
	return out.String()
}
