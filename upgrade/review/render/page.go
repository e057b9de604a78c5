package render

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/render/graph"
)

// page is what the template shows: the report, and what is worked out of it.
type page struct {
	Report review.Report
	Style  template.CSS
	Policy string

	Answer, Because, Tone string
	About, What           string
	Contents              []content
	Columns               []column
	Facts                 []keyFact

	Sorts     []string
	Inventory []inventory
	Objects   []objects

	Fix, Decide, Edits, Notes section

	Steps   []step
	Blocked string

	HasData, Proves bool
	Shares          []shares

	Procedures, Others []changeView
	Touches            []graph.Routine
	Drawing            graph.Drawing

	Plans, MorePlans []review.Explain

	Silenced  []finding.Finding
	Earlier   []group
	Checks    []checkView
	Unchecked []checkView

	Approval, Command string

	anchors map[catalog.Object]string // of what changes in an object
}

// content is a line of the table of contents.
type content struct{ ID, Title, Tone, Count string }

// column is a list of links under the verdict.
type column struct {
	Title, Tone string
	Items       []item
}

// item is a link to what it says.
type item struct{ Anchor, Text, Sign, Tone, Said string }

type keyFact struct{ Name, Value, More string }

type checkView struct {
	review.Check

	Anchor, Sign string
	More         []string // of the details, those that are folded
}

func newPage(r review.Report) page {
	p := page{Report: r, About: about(r.Database), What: planText(r.Plan), Approval: approvalText(r), Command: command(r)}
	p.Answer, p.Because = verdict(r)
	p.Tone = tone(r, p.Answer)
	p.changes(r)
	p.sections(r)
	p.checks(r.Checks)
	p.Steps, p.Blocked = stepsOf(r.Plan.Steps), blockedBy(r.Plan.Steps).String()
	p.Proves = slices.ContainsFunc(p.Steps, func(s step) bool { return s.Phase == string(upgrade.Prove) }) &&
		r.Plan.Direction != upgrade.DirectionDown
	p.Shares = sharesOf(r.Data)
	p.HasData = len(p.Shares) > 0 || len(dataLines(r.Data)) > 0
	p.Touches = graph.Read(r.Uses, r.Changes)
	p.Drawing = graph.Draw(p.Touches)
	const plans = 6 // before the others are folded
	p.Plans, p.MorePlans = r.Plans[:min(plans, len(r.Plans))], r.Plans[min(plans, len(r.Plans)):]
	p.Silenced = append(silenced(r.Findings), silenced(r.Earlier)...)
	for _, severity := range finding.Severities() {
		p.Earlier = append(p.Earlier, groups(r, r.Earlier, severity)...)
	}
	p.columns()
	p.facts(r)
	p.contents()
	return p
}

// tone is the colour of the answer.
func tone(r review.Report, answer string) string {
	switch {
	case r.Verdict.MustFix > 0:
		return "fix"
	case r.Verdict.Decide > 0:
		return "decide"
	case answer == "Nothing in the way" || answer == "Nothing to do":
		return "fine"
	}
	return "open"
}

func (p *page) checks(checks []review.Check) {
	const shown = 6
	for _, c := range checks {
		v := checkView{Check: c, Anchor: anchor("check", c.ID), Sign: stateSign(c.State)}
		if len(c.Detail) > shown+1 {
			v.Detail, v.More = c.Detail[:shown], c.Detail[shown:]
		}
		if c.State == review.Skipped {
			p.Unchecked = append(p.Unchecked, v)
		} else {
			p.Checks = append(p.Checks, v)
		}
	}
}

// columns are the links of the verdict: what must be fixed, what needs a decision, what was checked.
func (p *page) columns() {
	const most = 8 // of one rule
	links := func(sections ...section) []item {
		var items []item
		for _, s := range sections {
			for _, g := range s.Groups {
				if g.Severity == finding.Note {
					continue
				}
				all := append(slices.Clone(g.Findings), g.More...)
				for i, f := range all {
					if i == most && len(all) > most+1 {
						items = append(items, item{Anchor: g.Anchor, Text: fmt.Sprintf("and %d more of %s", len(all)-most, g.Rule), Sign: f.Sign})
						break
					}
					items = append(items, item{Anchor: f.Anchor, Text: f.Summary, Sign: f.Sign})
				}
			}
		}
		return items
	}
	edits := func(severity finding.Severity) section {
		return section{Groups: slices.DeleteFunc(slices.Clone(p.Edits.Groups), func(g groupView) bool { return g.Severity != severity })}
	}
	checked := func(checks []checkView) []item {
		var items []item
		for _, c := range checks {
			said := map[review.State]string{review.Failed: "does not hold"}[c.State]
			items = append(items, item{Anchor: c.Anchor, Text: c.Summary, Sign: c.Sign, Tone: string(c.State), Said: said})
		}
		return items
	}
	add := func(title, tone string, items []item) {
		if len(items) > 0 {
			p.Columns = append(p.Columns, column{title, tone, items})
		}
	}
	add("Must be fixed", "fix", links(p.Fix, edits(finding.MustFix)))
	add("Needs a decision", "decide", links(p.Decide, edits(finding.Decide)))
	add("Checked", "fine", checked(p.Checks))
	add("Not checked", "open", checked(p.Unchecked))
}

// facts are the figures that a decision is made on.
func (p *page) facts(r review.Report) {
	add := func(name, value, more string) { p.Facts = append(p.Facts, keyFact{name, value, more}) }
	add("database", r.Database.Name, "PostgreSQL "+r.Database.Server)
	if r.Database.Routines > 0 || r.Database.Tables > 0 {
		add("holds", human.Counted(int64(r.Database.Routines), "procedure"), human.Counted(int64(r.Database.Tables), "table"))
	}
	if n := len(r.Plan.Steps); n > 0 {
		add("plan", human.Counted(int64(n), "step"), fmt.Sprintf("version %d → %d", r.Plan.From, r.Plan.To))
		b := blockedBy(r.Plan.Steps)
		switch {
		case b.Everybody > 0:
			add("longest lock", held(b.Everybody), "everybody waits")
		case b.Writers > 0:
			add("longest lock", held(b.Writers), "writers wait")
		default:
			add("longest lock", "none", "nobody waits")
		}
	}
	if r.Data.Tasks > 0 {
		add("moves", human.Counted(r.Data.Tasks, "task"), human.Size(r.Data.Bytes))
	}
	if r.Data.Estimate > 0 {
		add("takes", human.Took(r.Data.Estimate), "estimated, waiting apart")
	}
}

// contents lists the sections that the page has.
func (p *page) contents() {
	add := func(there bool, id, title, tone string, count int) {
		if !there {
			return
		}
		c := content{ID: id, Title: title, Tone: tone}
		if count > 0 {
			c.Count = human.Count(int64(count))
		}
		p.Contents = append(p.Contents, c)
	}
	add(true, "verdict", "Verdict", "", 0)
	shared, _ := apart(p.Report.Changes)
	add(len(p.Report.Changes) > 0, "inventory", "What changes", "", len(shared))
	add(len(p.Fix.Groups) > 0, p.Fix.ID, p.Fix.Title, "fix", p.Fix.count())
	add(len(p.Decide.Groups) > 0, p.Decide.ID, p.Decide.Title, "decide", p.Decide.count())
	add(len(p.Steps) > 0, "locks", "Locks, step by step", "", len(p.Steps))
	add(p.HasData, "data", "The data", "", 0)
	add(len(p.Procedures)+len(p.Others) > 0, "procedures", "Procedures", "", len(p.Procedures))
	add(len(p.Edits.Groups) > 0, p.Edits.ID, p.Edits.Title, "", p.Edits.count())
	add(len(p.Touches) > 0, "touches", "Who touches these tables", "", len(p.Touches))
	add(len(p.Report.Plans) > 0, "plans", "Plans", "", len(p.Report.Plans))
	add(len(p.Notes.Groups) > 0, p.Notes.ID, p.Notes.Title, "", p.Notes.count())
	add(len(p.Silenced) > 0, "silenced", "Silenced", "", len(p.Silenced))
	earlier := 0
	for _, g := range p.Earlier {
		earlier += len(g.Findings)
	}
	add(earlier > 0, "earlier", "There before", "", earlier)
	add(true, "checks", "What was checked", "", len(p.Checks)+len(p.Unchecked))
	add(true, "approval", "Approve", "", 0)
}

// changes sorts the changes: procedures for themselves, the other objects by kind, and what is the upgrade's own folded.
func (p *page) changes(r review.Report) {
	if len(r.Changes) == 0 {
		return
	}
	for _, s := range sorts() {
		p.Sorts = append(p.Sorts, sortWord(s))
	}
	shared, own := apart(r.Changes)
	p.Inventory = inventories(shared)
	p.anchors = map[catalog.Object]string{}
	found, number := findingsByObject(r.Findings), 0
	view := func(c change.Change) changeView {
		number++
		v := newChange(c, fmt.Sprintf("change-%d", number), r.Findings, found)
		if c.Was != nil {
			p.anchors[*c.Was] = v.Anchor
		}
		p.anchors[c.Object] = v.Anchor
		return v
	}
	for _, c := range routineChanges(shared) {
		p.Procedures = append(p.Procedures, view(c))
	}
	for _, c := range routineChanges(own) {
		p.Others = append(p.Others, view(c))
	}
	for _, i := range p.Inventory {
		if i.Kind == catalog.KindRoutine {
			continue
		}
		o := objects{Title: fmt.Sprintf("%s: %s", strings.ToUpper(i.Name[:1])+i.Name[1:], i.line())}
		for _, c := range shared {
			if c.Object.Kind == i.Kind {
				o.Changes = append(o.Changes, view(c))
			}
		}
		p.Objects = append(p.Objects, o)
	}
	if len(own) == 0 {
		return
	}
	o := objects{Title: "The upgrade's own: " + ownText(own)}
	for _, c := range own {
		if c.Object.Kind != catalog.KindRoutine {
			o.Changes = append(o.Changes, view(c))
		}
	}
	p.Objects = append(p.Objects, o)
}
