package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/render/diff"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// section is a part of the page with findings.
type section struct {
	ID, Title, Lead string
	Groups          []groupView
}

func (s *section) count() int {
	n := 0
	for _, g := range s.Groups {
		n += len(g.Findings) + len(g.More)
	}
	return n
}

// groupView is a group of findings on the page.
type groupView struct {
	Rule, Reason, Anchor, Tone string
	Severity                   finding.Severity
	Findings, More             []findingView
}

type findingView struct {
	Anchor, Sign, Summary, Evidence, Fix string
	Change                               string // the anchor of what changes in its object
}

// sections puts the findings where a reader looks for them.
func (p *page) sections(r review.Report) {
	p.Fix = section{ID: "fix", Title: "What must be fixed",
		Lead: "After the upgrade something stops working, or somebody may do what was forbidden."}
	p.Decide = section{ID: "decide", Title: "What needs a decision",
		Lead: "It may be meant so. Somebody who knows this database has to say yes."}
	p.Edits = section{ID: "edits", Title: "Edited on this server",
		Lead: "These procedures are like those of no release that is known. What was changed in them is lost where the upgrade replaces them."}
	p.Notes = section{ID: "notes", Title: "Worth knowing", Lead: "Nothing has to be done about these."}
	for _, severity := range finding.Severities() {
		for _, g := range groups(r, r.Findings, severity) {
			v := p.group(g)
			switch {
			case g.Rule == rule.LocalEdit:
				p.Edits.Groups = append(p.Edits.Groups, v)
				p.Decide.more(severity == finding.Decide, len(g.Findings))
			case severity == finding.MustFix:
				p.Fix.Groups = append(p.Fix.Groups, v)
			case severity == finding.Decide:
				p.Decide.Groups = append(p.Decide.Groups, v)
			default:
				p.Notes.Groups = append(p.Notes.Groups, v)
			}
		}
	}
}

// more says that some of the section's findings stand among the edited procedures.
func (s *section) more(there bool, n int) {
	if there {
		s.Lead += fmt.Sprintf(" %d more %s under “Edited on this server”.", n, either(n, "stands", "stand"))
	}
}

func (p *page) group(g group) groupView {
	const shown = 10
	v := groupView{
		Rule: g.Rule, Reason: g.Reason, Severity: g.Severity, Tone: toneOf(g.Severity),
		Anchor: anchor("rule-"+toneOf(g.Severity), g.Rule),
	}
	for i, f := range g.Findings {
		one := findingView{
			Anchor: findingAnchor(g.Places[i]), Sign: sign(f.Severity), Summary: f.Summary,
			Evidence: strings.Join(f.Evidence, "\n"), Fix: f.Fix, Change: p.changeOf(f.Object),
		}
		if len(v.Findings) >= shown && len(g.Findings) > shown+1 {
			v.More = append(v.More, one)
			continue
		}
		v.Findings = append(v.Findings, one)
	}
	return v
}

func findingAnchor(place int) string { return fmt.Sprintf("finding-%d", place+1) }

func toneOf(s finding.Severity) string {
	return cmp.Or(map[finding.Severity]string{finding.MustFix: "fix", finding.Decide: "decide"}[s], "note")
}

// changeOf is where the page shows what changes in an object.
func (p *page) changeOf(object catalog.Object) string { return p.anchors[object] }

// objects are the changes of one kind.
type objects struct {
	Title   string
	Changes []changeView
}

// changeView is a change on the page.
type changeView struct {
	Anchor, Word, Name, Arguments, Was, Delta, Differ string
	Sort                                              change.Sort
	Open                                              bool
	Attributes                                        []change.Attribute
	Found                                             []item
	OneSide                                           []numbered // of an object that comes or goes
	Parts                                             []diff.Part
}

type numbered struct {
	Number int
	Text   string
}

// found are the findings by their object: places in the report's list.
type found map[catalog.Object][]int

func findingsByObject(all []finding.Finding) found {
	f := found{}
	for place, one := range all {
		if one.Silenced == "" {
			f[one.Object] = append(f[one.Object], place)
		}
	}
	return f
}

func newChange(c change.Change, anchor string, all []finding.Finding, found found) changeView {
	const context = 3
	v := changeView{
		Anchor: anchor, Word: sortWord(c.Sort), Sort: c.Sort, Attributes: c.Attributes, Differ: attributeNames(c),
	}
	v.Name, v.Arguments = c.Object.String(), ""
	if c.Object.Kind == catalog.KindRoutine {
		v.Name, v.Arguments, _ = strings.Cut(v.Name, "(")
		v.Arguments = "(" + v.Arguments
	}
	if c.Was != nil && *c.Was != c.Object {
		v.Was = c.Was.String()
	}
	places := slices.Clone(found[c.Object])
	if v.Was != "" {
		places = append(places, found[*c.Was]...)
	}
	slices.Sort(places) // the gravest first, as in the report
	for _, place := range places {
		f := all[place]
		v.Found = append(v.Found, item{Anchor: findingAnchor(place), Text: f.Summary, Sign: sign(f.Severity), Tone: toneOf(f.Severity)})
		v.Open = v.Open || f.Severity != finding.Note
	}
	rows := diff.Sides(c.Before, c.After)
	if c.Before == "" || c.After == "" {
		for _, row := range rows {
			line := cmp.Or(row.After, row.Before)
			v.OneSide = append(v.OneSide, numbered{line.Number, line.Text()})
		}
	} else if added, removed := diff.Count(rows); added+removed > 0 {
		v.Parts = diff.Fold(rows, context)
	}
	v.Delta = delta(c)
	return v
}
