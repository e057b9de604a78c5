package main

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/ovirt/coco/internal/human"
)

// column is one of a table that has to fit a terminal. least is how short its cells may be cut where there is no room, before the column
// is left out; 0 if they are to stay whole, as ids have to: nobody could copy the rest.
type column struct {
	head  string
	least int
}

// fitted is a table with a head that is no wider than a terminal, if that is possible; 0 is a width without end. Columns without any
// cell are left out. Control characters are shown, not sent.
func fitted(columns []column, rows [][]string, width int, paint func(string) string) string {
	all := [][]string{{}}
	for _, c := range columns {
		all[0] = append(all[0], c.head)
	}
	for _, row := range rows {
		line := make([]string, len(columns))
		for i := range min(len(row), len(columns)) {
			line[i] = visible(row[i])
		}
		all = append(all, line)
	}
	widths := make([]int, len(columns))
	for i := range columns {
		for n, row := range all {
			if n > 0 && row[i] != "" || widths[i] > 0 {
				widths[i] = max(widths[i], utf8.RuneCountInString(row[i]), utf8.RuneCountInString(columns[i].head))
			}
		}
	}
	cutTo(columns, widths, width)
	for n, row := range all {
		kept := []string{}
		for i, cell := range row {
			if widths[i] > 0 {
				kept = append(kept, shorten(cell, widths[i]))
			}
		}
		all[n] = kept
	}
	return table(all, paint)
}

// cutTo makes columns narrower until they fit: it leaves the last ones out that do not fit even where all are cut, and cuts the last ones
// of the others.
func cutTo(columns []column, widths []int, width int) {
	if width == 0 {
		return
	}
	over := func(of func(i int) int) int {
		total := -2
		for i, w := range widths {
			if w > 0 {
				total += of(i) + 2
			}
		}
		return total - width
	}
	cut := func(i int) int {
		if least := columns[i].least; least > 0 {
			return min(least, widths[i])
		}
		return widths[i]
	}
	for i := len(columns) - 1; i >= 0 && over(cut) > 0; i-- {
		if columns[i].least > 0 {
			widths[i] = 0
		}
	}
	for i := len(columns) - 1; i >= 0; i-- {
		if excess := over(func(i int) int { return widths[i] }); excess > 0 && widths[i] > 0 {
			widths[i] = max(cut(i), widths[i]-excess)
		}
	}
}

func visible(text string) string { return human.Visible(text) }

func visibleLines(text string) string { return human.VisibleLines(text) }

// age writes a time that has passed as people read it, shortly: 5s, 12m, 3h05m, 2d04h, 400d.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < day:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d < 100*day:
		return fmt.Sprintf("%dd%02dh", int(d/day), int(d.Hours())%24)
	}
	return fmt.Sprintf("%dd", int(d/day))
}
