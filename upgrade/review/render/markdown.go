package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/render/diff"
)

// Markdown writes the report for a merge request: the answer and what must be done are seen at once, all else is folded. It keeps to what
// GitLab and GitHub both show.
func Markdown(w io.Writer, report review.Report, options Options) error {
	head, tail := &markdown{}, &markdown{}
	head.answer(report)
	head.findings(report, finding.MustFix)
	head.findings(report, finding.Decide)
	head.checks(report.Checks)
	head.steps(report.Plan.Steps)
	head.data(report.Data)
	head.changes(report.Changes)
	tail.few(report, "Worth knowing", report.Findings, finding.Note)
	tail.few(report, "Were there before the upgrade", report.Earlier, finding.Severities()...)
	tail.list("Silenced in a comment", silencedLines(report))
	tail.list("What the review does not know", escapedAll(report.Notes))
	tail.approval(report)
	room := cmp.Or(options.Limit, DefaultLimit) - head.Len() - tail.Len()
	shared, _ := apart(report.Changes)
	head.differences(routineChanges(shared), room, options.Limit < 0)
	if _, err := io.WriteString(w, head.String()+tail.String()); err != nil {
		return fmt.Errorf("write the review as Markdown: %w", err)
	}
	return nil
}

type markdown struct{ strings.Builder }

func (m *markdown) linef(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

func (m *markdown) answer(r review.Report) {
	answer, because := verdict(r)
	m.linef("## %s: review of %s\n\n%s  ", answer, escaped(about(r.Database)), escaped(because))
	m.linef("%s  ", escaped(planText(r.Plan)))
	m.linef("taken %s%s", human.Timestamp(r.Taken), planMark(r.Plan))
}

func planMark(p review.Plan) string {
	if p.Hash == "" {
		return ""
	}
	return ", plan " + code(short(p.Hash))
}

func (m *markdown) findings(r review.Report, severity finding.Severity) {
	list := groups(r, r.Findings, severity)
	if len(list) == 0 {
		return
	}
	m.linef("\n### %s\n", headline(severity))
	for _, g := range list {
		for _, f := range g.Findings {
			m.linef("- %s **%s** (%s)", sign(severity), escaped(f.Summary), code(f.Rule))
			if len(f.Evidence) == 0 && f.Fix == "" {
				continue
			}
			m.linef("  <details><summary>%s</summary>\n", foldTitle(f))
			if len(f.Evidence) > 0 {
				m.fence("  ", "text", strings.Join(f.Evidence, "\n"))
			}
			if f.Fix != "" {
				m.fence("  ", "sql", f.Fix)
			}
			m.linef("  </details>")
		}
	}
}

func foldTitle(f finding.Finding) string {
	switch {
	case f.Fix == "":
		return "evidence"
	case len(f.Evidence) == 0:
		return "fix"
	}
	return "evidence and fix"
}

func (m *markdown) checks(checks []review.Check) {
	lines := func(checks []review.Check) []string {
		var lines []string
		for _, c := range checks {
			lines = append(lines, stateSign(c.State)+" "+escaped(c.Summary))
			for _, detail := range c.Detail {
				if c.State != review.Passed {
					lines = append(lines, "  "+escaped(detail))
				}
			}
		}
		return lines
	}
	made, not := made(checks)
	m.list("Checked: "+checksText(checks), lines(made))
	m.list(fmt.Sprintf("Not checked: %d", len(not)), lines(not))
}

// list folds lines away. Those that are indented belong to the one before.
func (m *markdown) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	m.fold(title)
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		m.linef("%s- %s", line[:len(line)-len(text)], text)
	}
	m.linef("\n</details>")
}

func (m *markdown) fold(title string) {
	m.linef("\n<details><summary>%s</summary>\n", escaped(title))
}

func (m *markdown) steps(steps []rehearse.Step) {
	if len(steps) == 0 {
		return
	}
	named := declares(steps)
	m.fold(fmt.Sprintf("Locks, step by step: %s", blockedBy(steps)))
	m.linef("| step | phase | action | lock on existing tables | held at most | time | waits |\n|--:|---|---|---|--:|--:|---|")
	for _, s := range steps {
		names, times := []string{}, []string{}
		for _, lock := range s.Locks {
			name := escaped(lock.String())
			if !lock.Declared && named {
				name += " **(not declared)**"
			}
			names, times = append(names, name), append(times, escaped(held(lock.Held)))
		}
		m.linef("| %d | %s | %s | %s | %s | %s | %s |", s.Number, escaped(string(s.Phase)), escaped(action(s)),
			cmp.Or(strings.Join(names, "<br>"), noLocks(s)), cmp.Or(strings.Join(times, "<br>"), "-"), escaped(held(s.Time)), waits(s))
	}
	m.linef("\n</details>")
}

func (m *markdown) data(d review.Data) {
	lines := dataLines(d)
	if len(lines) == 0 {
		return
	}
	m.fold("The data")
	m.linef("| | |\n|---|---|")
	for _, line := range lines {
		m.linef("| %s | %s |", escaped(line.Name), escaped(line.Value))
	}
	m.linef("\n</details>")
}

func (m *markdown) changes(changes []change.Change) {
	if len(changes) == 0 {
		return
	}
	m.fold("What changes: " + human.Counted(int64(len(changes)), "object"))
	m.linef("| objects | changes |\n|---|---|")
	shared, own := apart(changes)
	for _, i := range inventories(shared) {
		m.linef("| %s | %s |", escaped(i.Name), escaped(i.line()))
	}
	if len(own) > 0 {
		m.linef("| its own | %s |", escaped(ownText(own)))
	}
	m.linef("\n</details>")
}

// differences shows what changes in each procedure, as far as there is room.
func (m *markdown) differences(changes []change.Change, room int, all bool) {
	if len(changes) == 0 {
		return
	}
	const around = 250 // bytes for the heading, and for saying what is left out
	m.linef("\n### Procedures")
	left := 0
	room -= around
	for _, c := range changes {
		one := difference(c)
		if room -= len(one); room < 0 && !all {
			left++
			continue
		}
		_, _ = m.WriteString(one) // never fails
	}
	if left > 0 {
		m.linef("\n%s not shown here: a comment would have no room for them. The page that `upgrade review --format html` writes has all.",
			human.Counted(int64(left), "more procedure"))
	}
}

func difference(c change.Change) string {
	m := &markdown{}
	title := []string{sortWord(c.Sort), c.Object.String()}
	for _, more := range []string{delta(c), attributeNames(c)} {
		if more != "" {
			title = append(title, more)
		}
	}
	m.fold(strings.Join(title, " · "))
	if c.Was != nil && *c.Was != c.Object {
		m.linef("was %s\n", code(c.Was.String()))
	}
	if len(c.Attributes) > 0 {
		m.linef("| attribute | before | after |\n|---|---|---|")
		for _, a := range c.Attributes {
			m.linef("| %s | %s | %s |", escaped(a.Name), escaped(a.Before), escaped(a.After))
		}
		m.linef("")
	}
	if delta(c) != "" {
		m.fence("", "diff", unified(c))
	}
	m.linef("\n</details>")
	return m.String()
}

// unified writes a difference as lines with a sign in front.
func unified(c change.Change) string {
	const context = 3
	var lines []string
	for _, part := range diff.Fold(diff.Sides(c.Before, c.After), context) {
		if part.Left > 0 {
			lines = append(lines, fmt.Sprintf("@@ %d equal lines @@", part.Left))
		}
		var gone, come []string
		flush := func() {
			lines = append(append(lines, gone...), come...)
			gone, come = nil, nil
		}
		for _, row := range part.Rows {
			if row.Equal {
				flush()
				lines = append(lines, "  "+row.Before.Text())
				continue
			}
			if row.Before != nil {
				gone = append(gone, "- "+row.Before.Text())
			}
			if row.After != nil {
				come = append(come, "+ "+row.After.Text())
			}
		}
		flush()
	}
	return strings.Join(lines, "\n")
}

// few folds findings away, of each rule some.
func (m *markdown) few(r review.Report, title string, all []finding.Finding, severities ...finding.Severity) {
	var lines []string
	total := 0
	for _, severity := range severities {
		for _, g := range groups(r, all, severity) {
			total += len(g.Findings)
			for i, f := range g.Findings {
				if i == ofOneRule && len(g.Findings) > ofOneRule+1 {
					lines = append(lines, fmt.Sprintf("… and %d more of %s", len(g.Findings)-i, code(g.Rule)))
					break
				}
				lines = append(lines, escaped(f.Summary)+" ("+code(f.Rule)+")")
			}
		}
	}
	m.list(fmt.Sprintf("%s: %d", title, total), lines)
}

func silencedLines(r review.Report) []string {
	var lines []string
	for _, f := range append(silenced(r.Findings), silenced(r.Earlier)...) {
		lines = append(lines, fmt.Sprintf("%s (%s): %s", escaped(f.Summary), code(f.Rule), escaped(f.Silenced)))
	}
	return lines
}

func (m *markdown) approval(r review.Report) {
	m.linef("\n### Approve\n\n%s", escaped(approvalText(r)))
	if command := command(r); command != "" {
		m.linef("")
		m.fence("", "sh", command)
	} else if r.Approval != "" {
		m.linef("\n%s", code(r.Approval))
	}
}
