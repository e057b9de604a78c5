package render

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
)

// shape says what a table may lose on a narrow terminal: the columns of drop, one after the other, then letters of the column cut.
type shape struct {
	drop []int
	cut  int // 0 for none
}

// table writes rows, indented.
func (t *text) table(rows [][]string, narrow shape) {
	const indent, least = 2, 12
	for _, row := range rows {
		for i := range row {
			row[i] = human.Visible(row[i])
		}
	}
	over := func() int { return widest(human.Table(rows, plain)) + indent - t.Width }
	for i, at := range narrow.drop {
		if t.Width == 0 || over() <= 0 {
			break
		}
		for n, row := range rows {
			rows[n] = slices.Delete(row, at, at+1)
		}
		for later := range narrow.drop[i:] {
			if narrow.drop[i+later] > at {
				narrow.drop[i+later]--
			}
		}
		if narrow.cut > at {
			narrow.cut--
		}
	}
	if t.Width > 0 && narrow.cut > 0 && over() > 0 {
		width := 0
		for _, row := range rows {
			width = max(width, utf8.RuneCountInString(row[narrow.cut]))
		}
		width = max(width-over(), least)
		for _, row := range rows {
			row[narrow.cut] = human.Shorten(row[narrow.cut], width)
		}
	}
	for line := range strings.SplitSeq(human.Table(rows, t.word), "\n") {
		t.put("  " + line + "\n")
	}
}

func plain(cell string) string { return cell }

func widest(table string) int {
	width := 0
	for line := range strings.SplitSeq(table, "\n") {
		width = max(width, utf8.RuneCountInString(line))
	}
	return width
}

// word colours what a reader looks for in a table.
func (t *text) word(cell string) string {
	switch strings.TrimSpace(cell) {
	case string(upgrade.Everybody), string(change.Removed):
		return t.paint(red, cell)
	case string(upgrade.Writers), string(change.Signature), string(change.Changed):
		return t.paint(yellow, cell)
	case string(change.Added):
		return t.paint(green, cell)
	}
	if strings.HasSuffix(strings.TrimSpace(cell), "(not declared)") {
		return t.paint(red, cell)
	}
	return cell
}

func (t *text) data(d review.Data) {
	lines := dataLines(d)
	if len(lines) == 0 {
		return
	}
	t.section("Data")
	var rows [][]string
	for _, line := range lines {
		rows = append(rows, []string{line.Name, line.Value})
	}
	t.pairs(rows)
}

// pairs writes names with what is said of them, wrapped beside the name.
func (t *text) pairs(rows [][]string) {
	name := 0
	for _, row := range rows {
		name = max(name, utf8.RuneCountInString(row[0]))
	}
	for _, row := range rows {
		first := row[0] + strings.Repeat(" ", name-utf8.RuneCountInString(row[0])+2)
		t.line(2, name+2, "", first+row[1])
	}
}

func (t *text) silenced(list []finding.Finding) {
	if len(list) == 0 {
		return
	}
	t.section("Silenced in a comment")
	for _, f := range list {
		t.marked(dim, "·", f.Summary)
		t.line(6, 0, dim, f.Rule+" is silenced: "+f.Silenced)
	}
}

func (t *text) earlier(r review.Report) {
	total := 0
	for _, severity := range finding.Severities() {
		for _, g := range groups(r, r.Earlier, severity) {
			if total == 0 {
				t.section("Were there before the upgrade")
			}
			total += len(g.Findings)
			for i, f := range g.Findings {
				if i == ofOneRule && len(g.Findings) > ofOneRule+1 {
					t.line(4, 0, dim, fmt.Sprintf("… and %d more of %s", len(g.Findings)-i, g.Rule))
					break
				}
				t.marked(dim, sign(severity), f.Summary)
			}
		}
	}
}

func (t *text) notes(notes []string) {
	if len(notes) == 0 {
		return
	}
	t.section("What the review does not know")
	for _, note := range notes {
		t.marked(dim, "·", note)
	}
}

func (t *text) approval(r review.Report) {
	t.section("Approve")
	t.line(2, 0, "", approvalText(r))
	if command := command(r); command != "" {
		t.put("  " + t.paint(bold, human.Visible(command)) + "\n")
		return
	}
	if r.Approval != "" {
		t.put("  " + human.Visible(r.Approval) + "\n")
	}
}
