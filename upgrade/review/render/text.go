package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
)

// How much text shows of what may be very long. JSON and the page have all of it.
const (
	evidenceLines = 4 // of a finding
	fixLines      = 8
	ofOneRule     = 6 // notes, and findings from before
)

// Text writes the report for a terminal: the answer first, then what it rests on.
func Text(w io.Writer, report review.Report, options Options) error {
	t := &text{Options: options}
	t.head(report)
	for _, severity := range finding.Severities() {
		t.findings(headline(severity), report, report.Findings, severity)
	}
	made, not := made(report.Checks)
	t.checks("Checked", made)
	t.checks("Not checked", not)
	t.steps(report.Plan.Steps)
	t.data(report.Data)
	t.changes(report.Changes)
	t.silenced(append(silenced(report.Findings), silenced(report.Earlier)...))
	t.earlier(report)
	t.notes(report.Notes)
	t.approval(report)
	if _, err := io.WriteString(w, t.String()); err != nil {
		return fmt.Errorf("write the review: %w", err)
	}
	return nil
}

// text is what has been written, with the colours of a terminal if it may have them.
type text struct {
	Options
	strings.Builder
}

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
)

func (t *text) put(text string) { _, _ = t.WriteString(text) } // never fails

func (t *text) paint(code, words string) string {
	if !t.Color || words == "" {
		return words
	}
	return "\x1b[" + code + "m" + words + "\x1b[0m"
}

// line writes a paragraph, wrapped to the width; all but its first line are indented as far as the first plus hang.
func (t *text) line(indent, hang int, code, words string) {
	pad := strings.Repeat(" ", indent)
	width := t.Width
	if width > 0 {
		width = max(width-indent, 1)
	}
	for _, line := range human.Wrapped(human.Visible(words), width, strings.Repeat(" ", hang)) {
		t.put(pad + t.paint(code, line) + "\n")
	}
}

func (t *text) section(title string) {
	t.put("\n" + t.paint(bold, strings.ToUpper(title)) + "\n")
}

// marked writes an item: its sign in colour, and what it says beside it.
func (t *text) marked(code, sign, words string) {
	const indent = 4
	lines := human.Wrapped(human.Visible(words), max(0, t.Width-indent), "")
	t.put("  " + t.paint(code, sign) + " " + lines[0] + "\n")
	for _, more := range lines[1:] {
		t.put("    " + more + "\n")
	}
}

// block writes lines as they are: SQL, messages.
func (t *text) block(indent int, code, words string, most int) {
	lines := strings.Split(strings.TrimRight(words, "\n"), "\n")
	for i, line := range lines {
		if i == most && len(lines) > most+1 {
			t.line(indent, 0, dim, fmt.Sprintf("… %d more lines", len(lines)-most))
			return
		}
		t.line(indent, 2, code, strings.ReplaceAll(line, "\t", "    "))
	}
}

func (t *text) head(r review.Report) {
	t.line(0, 2, bold, "Review of "+about(r.Database))
	t.line(0, 2, "", planText(r.Plan))
	taken := "taken " + human.Timestamp(r.Taken)
	if r.Took > 0 {
		taken += " in " + human.Took(r.Took)
	}
	if r.Plan.Hash != "" {
		taken += " · plan " + short(r.Plan.Hash)
	}
	t.line(0, 2, dim, taken)
	answer, because := verdict(r)
	code := green
	switch {
	case r.Verdict.MustFix > 0:
		code = red
	case r.Verdict.Decide > 0 || !strings.HasPrefix(answer, "Nothing in"):
		code = yellow
	}
	t.put("\n" + t.paint(bold+";"+code, strings.ToUpper(answer)) + "\n")
	t.line(0, 0, "", because)
}

func colour(s finding.Severity) string {
	switch s {
	case finding.MustFix:
		return red
	case finding.Decide:
		return yellow
	default:
		return blue
	}
}

func (t *text) findings(title string, r review.Report, all []finding.Finding, severity finding.Severity) {
	list := groups(r, all, severity)
	if len(list) == 0 {
		return
	}
	t.section(title)
	for _, g := range list {
		for i, f := range g.Findings {
			if severity == finding.Note && i == ofOneRule && len(g.Findings) > ofOneRule+1 {
				t.line(4, 0, dim, fmt.Sprintf("… and %d more of %s", len(g.Findings)-i, g.Rule))
				break
			}
			t.finding(f)
		}
		if g.Reason != "" {
			t.line(6, 0, dim, g.Rule+": "+g.Reason)
		}
	}
}

func (t *text) finding(f finding.Finding) {
	t.marked(colour(f.Severity), sign(f.Severity), f.Summary)
	if f.Severity == finding.Note {
		return
	}
	if len(f.Evidence) > 0 {
		t.block(6, dim, strings.Join(f.Evidence, "\n"), evidenceLines)
	}
	if f.Fix != "" {
		t.line(6, 0, dim, "fix")
		t.block(8, green, f.Fix, fixLines)
	}
}

func (t *text) checks(title string, checks []review.Check) {
	if len(checks) == 0 {
		return
	}
	t.section(title)
	for _, c := range checks {
		t.marked(map[review.State]string{review.Passed: green, review.Skipped: yellow, review.Failed: red}[c.State], stateSign(c.State), c.Summary)
		if c.State != review.Passed && len(c.Detail) > 0 {
			t.block(6, dim, strings.Join(c.Detail, "\n"), evidenceLines)
		}
	}
}

func (t *text) steps(steps []rehearse.Step) {
	if len(steps) == 0 {
		return
	}
	t.section("Steps, as seen on the copy")
	named := declares(steps)
	rows := [][]string{{"step", "phase", "action", "lock on existing tables", "held at most", "   time", "waits"}}
	for _, s := range steps {
		row := []string{
			fmt.Sprintf("%4d", s.Number), string(s.Phase), action(s), noLocks(s), "-", fmt.Sprintf("%7s", held(s.Time)), string(waits(s)),
		}
		for _, lock := range s.Locks {
			row[3], row[4] = lock.String(), held(lock.Held)
			if !lock.Declared && named {
				row[3] += " (not declared)"
			}
			rows = append(rows, row)
			row = make([]string, len(row))
		}
		if len(s.Locks) == 0 {
			rows = append(rows, row)
		}
	}
	t.table(rows, shape{drop: []int{5, 1, 6}, cut: 2})
	t.line(2, 2, "", "the plan "+blockedBy(steps).String())
}

func (t *text) changes(changes []change.Change) {
	const letters = 72 // of a routine with its arguments
	if len(changes) == 0 {
		return
	}
	t.section("Changes")
	var rows [][]string
	shared, own := apart(changes)
	for _, i := range inventories(shared) {
		rows = append(rows, []string{i.Name, i.line()})
	}
	if len(own) > 0 {
		rows = append(rows, []string{"its own", ownText(own)})
	}
	t.pairs(rows)
	routines := routineChanges(shared)
	if len(routines) == 0 {
		return
	}
	t.section("Procedures")
	rows = nil
	for _, c := range routines {
		name := human.Shorten(human.Visible(c.Object.String()), letters)
		rows = append(rows, []string{string(c.Sort), name, delta(c), attributeNames(c)})
	}
	t.table(rows, shape{drop: []int{3}, cut: 1})
}
