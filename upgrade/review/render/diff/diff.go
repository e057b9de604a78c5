// Package diff sets two texts side by side, line by line, and says which words of a line that has changed are others.
package diff

import "strings"

// Row is a line of both texts, or of one of them. Nil is a side that has none.
type Row struct {
	Before, After *Line
	// Equal says that both are there and the same.
	Equal bool
}

// Line is a line of a text.
type Line struct {
	Number int // from 1
	Spans  []Span
}

// Span is a part of a line.
type Span struct {
	Text string
	// Changed says that the other side does not have it.
	Changed bool
}

// Text is the whole line.
func (l *Line) Text() string {
	var text strings.Builder
	for _, s := range l.Spans {
		text.WriteString(s.Text)
	}
	return text.String()
}

// What is looked for before a line, or a word, counts as another one. Beyond, the time would grow with the square of the texts.
const (
	mostLines = 1000
	mostWords = 400
)

// Sides sets two texts side by side. An empty text has no lines.
func Sides(before, after string) []Row {
	a, b := lines(before), lines(after)
	var rows []Row
	x, y := 0, 0
	for _, pair := range append(common(a, b, mostLines), [2]int{len(a), len(b)}) {
		rows = append(rows, replaced(a[x:pair[0]], b[y:pair[1]], x+1, y+1)...)
		if x, y = pair[0]+1, pair[1]+1; pair[0] < len(a) {
			rows = append(rows, Row{Before: whole(a[pair[0]], x, false), After: whole(b[pair[1]], y, false), Equal: true})
		}
	}
	return rows
}

func lines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if text = strings.TrimSuffix(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func whole(text string, number int, changed bool) *Line {
	return &Line{Number: number, Spans: []Span{{Text: text, Changed: changed}}}
}

// replaced sets lines that went beside those that came: a line beside the one that it has become, where there is one.
func replaced(a, b []string, atA, atB int) []Row {
	var rows []Row
	gone := func(to int) {
		for ; len(a) > 0 && to > 0; to-- {
			rows = append(rows, Row{Before: whole(a[0], atA, true)})
			a, atA = a[1:], atA+1
		}
	}
	come := func(to int) {
		for ; len(b) > 0 && to > 0; to-- {
			rows = append(rows, Row{After: whole(b[0], atB, true)})
			b, atB = b[1:], atB+1
		}
	}
	x, y := 0, 0
	for _, pair := range alike(a, b) {
		gone(pair[0] - x)
		come(pair[1] - y)
		before, after := words(a[0], b[0])
		rows = append(rows, Row{Before: &Line{Number: atA, Spans: before}, After: &Line{Number: atB, Spans: after}})
		a, b, atA, atB = a[1:], b[1:], atA+1, atB+1
		x, y = pair[0]+1, pair[1]+1
	}
	gone(len(a))
	come(len(b))
	return rows
}

// Count is how many lines came and how many went. A line that has become another counts as both.
func Count(rows []Row) (added, removed int) {
	for _, row := range rows {
		if row.Equal {
			continue
		}
		if row.After != nil {
			added++
		}
		if row.Before != nil {
			removed++
		}
	}
	return added, removed
}

// Part is some rows, or how many equal ones are left out.
type Part struct {
	Rows []Row
	Left int
}

// Fold leaves equal rows out that are further than so many from any other. Where that would save two rows or less it leaves them.
func Fold(rows []Row, context int) []Part {
	const worth = 3
	keep := make([]bool, len(rows))
	for i, row := range rows {
		if row.Equal {
			continue
		}
		for near := max(0, i-context); near <= min(len(rows)-1, i+context); near++ {
			keep[near] = true
		}
	}
	var parts []Part
	for from := 0; from < len(rows); {
		to := from
		for to < len(rows) && keep[to] == keep[from] {
			to++
		}
		shown := keep[from] || to-from < worth
		switch last := len(parts) - 1; {
		case !shown:
			parts = append(parts, Part{Left: to - from})
		case last >= 0 && parts[last].Left == 0:
			parts[last].Rows = append(parts[last].Rows, rows[from:to]...)
		default:
			parts = append(parts, Part{Rows: append([]Row(nil), rows[from:to]...)})
		}
		from = to
	}
	return parts
}
