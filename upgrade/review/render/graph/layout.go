package graph

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/ovirt/coco/internal/human"
)

// Drawing is a layout, in pixels.
type Drawing struct {
	Width, Height    int
	Routines, Tables []Node
	Edges            []Edge
	// Left are how many routines, and tables, there was no room for.
	LeftRoutines, LeftTables int
}

// Node is a name at a place, and a dot beside it, where lines end. Label is the name, shortened where it is too long.
type Node struct {
	X, Y, Dot   int
	Name, Label string
	State       State
	Changes     bool
}

// Edge is a use, drawn from a routine to a table.
type Edge struct {
	Use

	Path string
}

// What a drawing has room for.
const (
	mostRoutines = 60
	mostTables   = 14

	letter   = 7.3 // the width of a letter
	between  = 270 // from the names of routines to those of tables
	row      = 22  // from one name to the next
	tableRow = 40
	margin   = 18
	dot      = 10 // from a name to its dot

	routineLetters = 46
	tableLetters   = 30
)

// Draw lays routines out, those beside one another that use the same tables. Of more than there is room for, those that change and those
// that use the most are drawn.
func Draw(routines []Routine) Drawing {
	tables := tablesOf(routines)
	drawn := len(tables)
	tables = tables[:min(drawn, mostTables)]
	var drawing Drawing
	drawing.LeftTables = drawn - len(tables)
	place := map[string]float64{}
	for i, table := range tables {
		place[table] = float64(i)
	}
	chosen := slices.DeleteFunc(slices.Clone(routines), func(r Routine) bool {
		return !slices.ContainsFunc(r.Uses, func(u Use) bool { _, ok := place[u.Table]; return ok })
	})
	if len(chosen) > mostRoutines {
		slices.SortStableFunc(chosen, func(a, b Routine) int { return cmp.Compare(weight(b), weight(a)) })
		chosen = chosen[:mostRoutines]
	}
	drawing.LeftRoutines = len(routines) - len(chosen)
	slices.SortStableFunc(chosen, func(a, b Routine) int {
		return cmp.Or(cmp.Compare(middle(a, place), middle(b, place)), cmp.Compare(a.Name, b.Name))
	})
	routineEnd := wide(chosen, func(r Routine) string { return r.Object.Name }, routineLetters)
	tableStart := routineEnd + between
	height := max(len(chosen)*row, len(tables)*tableRow)
	drawing.Width = tableStart + wide(tables, func(name string) string { return name }, tableLetters)
	drawing.Height = height + 2*margin
	space := func(n int) int { return height / max(n, 1) }
	rows := map[string]int{}
	for i, r := range chosen {
		y := margin + i*space(len(chosen)) + space(len(chosen))/2
		rows[r.Name] = y
		drawing.Routines = append(drawing.Routines, Node{
			X: routineEnd, Y: y, Dot: routineEnd + dot, Name: r.Name, Label: human.Shorten(human.Visible(r.Object.Name), routineLetters),
			State: r.State, Changes: r.Changes,
		})
	}
	columns := map[string]int{}
	for i, table := range tables {
		y := margin + i*space(len(tables)) + space(len(tables))/2
		columns[table] = y
		drawing.Tables = append(drawing.Tables, Node{
			X: tableStart, Y: y, Dot: tableStart - dot, Name: table, Label: human.Shorten(human.Visible(table), tableLetters),
			State: stateOf(table, chosen),
		})
	}
	for _, r := range chosen {
		for _, u := range r.Uses {
			if y, ok := columns[u.Table]; ok {
				drawing.Edges = append(drawing.Edges, Edge{Use: u, Path: curve(routineEnd+dot+5, rows[r.Name], tableStart-dot-6, y)})
			}
		}
	}
	return drawing
}

// tablesOf names tables, those that most routines use first.
func tablesOf(routines []Routine) []string {
	uses := map[string]int{}
	var names []string
	for _, r := range routines {
		for _, u := range r.Uses {
			if uses[u.Table] == 0 {
				names = append(names, u.Table)
			}
			uses[u.Table]++
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(uses[b], uses[a]), cmp.Compare(a, b)) })
	return names
}

// middle is the mean place of the tables that a routine uses.
func middle(r Routine, place map[string]float64) float64 {
	sum, n := 0.0, 0.0
	for _, u := range r.Uses {
		if at, ok := place[u.Table]; ok {
			sum, n = sum+at, n+1
		}
	}
	return sum / max(n, 1)
}

// weight is how much a routine has to be seen.
func weight(r Routine) int {
	total := len(r.Uses)
	if r.Changes || r.State != Stays {
		total += 1000
	}
	for _, u := range r.Uses {
		if u.State != Stays {
			total += 100
		}
	}
	return total
}

// stateOf is gone for a table that nobody uses any more, and new for one that nobody has used.
func stateOf(table string, routines []Routine) State {
	before, after := false, false
	for _, r := range routines {
		for _, u := range r.Uses {
			if u.Table == table {
				before, after = before || u.State != New, after || u.State != Gone
			}
		}
	}
	switch {
	case !after:
		return Gone
	case !before:
		return New
	}
	return Stays
}

// wide is how much room names take.
func wide[T any](list []T, name func(T) string, most int) int {
	letters := 0
	for _, one := range list {
		letters = max(letters, utf8.RuneCountInString(human.Shorten(human.Visible(name(one)), most)))
	}
	return int(float64(letters)*letter) + dot
}

func curve(x1, y1, x2, y2 int) string {
	third := (x2 - x1) / 2
	return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x1, y1, x1+third, y1, x2-third, y2, x2, y2)
}
