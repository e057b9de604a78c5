package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/check"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// secondOpinion is what check.Problem calls plpgsql_check.
const secondOpinion = "plpgsql_check"

// broken judges what the checker says: procedures that fail afterwards and did not before.
func (j *judge) broken() {
	if j.Before.Problems == nil || j.After.Problems == nil {
		j.skip("procedures", "which procedures stop working: not checked")
		return
	}
	known := map[string]int{}
	for _, p := range j.Before.Problems.Problems {
		known[problemKey(p.Object, p)]++
	}
	failing := map[catalog.Object]bool{}
	for _, p := range j.After.Problems.Problems {
		if p.Object.Schema == ownSchema {
			continue
		}
		old, ok := j.before[p.Object]
		if !ok {
			old = p.Object
		}
		if key := problemKey(old, p); known[key] > 0 {
			known[key]--
			j.result.Earlier = append(j.result.Earlier, j.problem(p, true))
			continue
		}
		f := j.problem(p, false)
		if f.Silenced = j.silences.of(f); f.Silenced == "" {
			failing[p.Object] = true
		}
		j.result.Findings = append(j.result.Findings, f)
	}
	j.unchecked()
	j.checked(len(failing))
}

// problemKey tells the problems of a routine apart. Lines move, and so does the place that a message names.
func problemKey(o catalog.Object, p check.Problem) string {
	return fmt.Sprintf("%s %s %s %s", o, p.Code, p.Message, oneLine(p.SQL))
}

// problem says what the server says. What was there before is for nobody to decide on now.
func (j *judge) problem(p check.Problem, earlier bool) finding.Finding {
	f := finding.Finding{Rule: rule.RoutineFails, Severity: finding.MustFix, Object: p.Object, Line: p.Line}
	switch {
	case earlier:
		f.Severity = finding.Note
		f.Summary = fmt.Sprintf("%s fails, also without the upgrade: %s", j.name(p.Object), p.Message)
	case p.By == secondOpinion:
		f.Severity = finding.Decide
		f.Summary = fmt.Sprintf("%s fails after the upgrade, says %s alone: %s", j.name(p.Object), secondOpinion, p.Message)
	default:
		f.Summary = fmt.Sprintf("%s fails after the upgrade: %s", j.name(p.Object), p.Message)
	}
	if sql := oneLine(p.SQL); sql != "" {
		f.Evidence = append(f.Evidence, fmt.Sprintf("line %d: %s", p.Line, sql))
	}
	if p.Code != "" {
		f.Evidence = append(f.Evidence, fmt.Sprintf("PostgreSQL says %s: %s", p.Code, p.Message))
	}
	if p.Hint != "" {
		f.Evidence = append(f.Evidence, "hint: "+oneLine(p.Hint))
	}
	f.Evidence = append(f.Evidence, j.calledBy(j.is, p.Object)...)
	return f
}

// oneLine writes a statement in one line that a page has room for.
func oneLine(sql string) string {
	const most = 200
	text := []rune(strings.Join(strings.Fields(sql), " "))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// unchecked judges what the checker could not look at: it may name something that goes.
func (j *judge) unchecked() {
	gone := j.gone()
	for _, s := range j.After.Problems.Skipped {
		r := j.is.routines[s.Object]
		if r == nil || s.Object.Schema == ownSchema {
			continue
		}
		var names []string
		for word := range words([]string{statementAt(r.Body, s.Line)}) {
			if what := gone[word]; what != "" {
				names = append(names, what)
			}
		}
		if len(names) == 0 {
			continue
		}
		lines := []string{"not checked: " + s.Reason}
		if s.Line > 0 {
			lines = append(lines, fmt.Sprintf("line %d: %s", s.Line, oneLine(statementAt(r.Body, s.Line))))
		}
		j.find(rule.RoutineUnchecked, finding.Decide, s.Object,
			fmt.Sprintf("%s could not be checked and names what goes: %s", j.name(s.Object), some(names)),
			evidence(lines...), evidence(j.calledBy(j.is, s.Object)...),
			func(f *finding.Finding) { f.Line = s.Line })
	}
}

// gone are the names of tables, columns and routines that are no more, of which no other thing of that kind is left.
func (j *judge) gone() map[string]string {
	left := map[string]bool{}
	for _, t := range j.is.tables {
		left[t.Name] = true
		for _, c := range t.Columns {
			left[t.Name+"."+c.Name] = true
		}
	}
	for name := range j.is.names {
		left[name] = true
	}
	gone := map[string]string{}
	for _, t := range j.was.tables {
		if !left[t.Name] {
			gone[strings.ToLower(t.Name)] = t.String()
		}
		for _, c := range t.Columns {
			if left[t.Name] && !left[t.Name+"."+c.Name] {
				gone[strings.ToLower(c.Name)] = part(catalog.KindColumn, t, c.Name).String()
			}
		}
	}
	for name, routines := range j.was.names {
		if !left[name] {
			gone[strings.ToLower(name)] = j.name(routines[0].Object)
		}
	}
	return gone
}

// statementAt is a body from a line to the end of the statement there; line 0 is all of it.
func statementAt(body string, line int) string {
	if line == 0 {
		return body
	}
	lines := strings.Split(body, "\n")
	if line > len(lines) {
		return body
	}
	rest := lines[line-1:]
	end := slices.IndexFunc(rest, func(l string) bool { return strings.Contains(l, ";") })
	if end < 0 {
		end = len(rest) - 1
	}
	return strings.Join(rest[:end+1], "\n")
}

// checked says what was checked, and what was not.
func (j *judge) checked(failing int) {
	result := j.After.Problems
	summary := fmt.Sprintf("%s in %s prepared against the new schema: ", counted(result.Statements, "statement"),
		counted(result.Checked, "procedure"))
	if failing == 0 {
		summary += "none fails that did not before"
	} else {
		summary += counted(failing, "procedure") + " will fail"
	}
	var detail []string
	if result.Second != "" {
		detail = append(detail, "second opinion: plpgsql_check "+result.Second)
	}
	own := 0
	for o := range j.is.routines {
		if o.Schema == ownSchema {
			own++
		}
	}
	if own > 0 {
		detail = append(detail, fmt.Sprintf("not judged: coco's own (%s), whose statements fit the tables of one phase each", counted(own, "procedure")))
	}
	reasons := map[string][]string{}
	whole, parts := 0, 0
	for _, s := range result.Skipped {
		if s.Object.Schema == ownSchema {
			continue
		}
		name := j.name(s.Object)
		if s.Line > 0 {
			name = fmt.Sprintf("%s line %d", name, s.Line)
			parts++
		} else {
			whole++
		}
		reasons[s.Reason] = append(reasons[s.Reason], name)
	}
	for _, reason := range sortedKeys(reasons) {
		detail = append(detail, fmt.Sprintf("not checked: %s: %s", reason, some(reasons[reason])))
	}
	if whole+parts > 0 {
		summary += fmt.Sprintf("; not checked: %s and %s", counted(whole, "procedure"), counted(parts, "single statement"))
	}
	j.check("procedures", failing > 0, summary, detail...)
}
