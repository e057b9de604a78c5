// Package judge says what the facts of a review come to: which of what an upgrade changes must be put right, which somebody has to decide,
// and what was looked at and is as it was. It asks no server.
package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/release"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// Judge says what facts come to.
func Judge(facts Facts) (Result, error) {
	known, err := release.Procedures()
	if err != nil {
		return Result{}, err
	}
	facts.LongLock = cmp.Or(facts.LongLock, DefaultLongLock)
	j := &judge{Facts: facts, known: known, was: newIndex(facts.Before), is: newIndex(facts.After), named: words(facts.Texts)}
	j.silences = newSilences(facts)
	j.wasAll, j.isAll = facts.Before.Catalog, facts.After.Catalog
	j.Before.Catalog, j.After.Catalog = withoutOwn(facts.Before.Catalog), withoutOwn(facts.After.Catalog)
	j.pairs()
	j.moved = j.moves()
	if j.copied() {
		j.broken()
		j.access()
		j.attributes()
		j.names()
		j.results()
		j.objects()
		j.locks()
		j.plans()
	} else {
		j.without()
	}
	j.rules()
	j.files()
	j.edits()
	j.data()
	j.upgrade()
	finding.Sort(j.result.Findings)
	finding.Sort(j.result.Earlier)
	return j.result, nil
}

// judge is one call of Judge.
type judge struct {
	Facts

	known    *release.Known
	was, is  index
	named    map[string]bool // the words of the plan
	silences silences
	moved    map[catalog.Object]bool
	// before is what each routine that is there afterwards was, after the other way round.
	before, after map[catalog.Object]catalog.Object
	replaced      map[catalog.Object]bool
	// wasAll and isAll are the catalogs with what is coco's own, which those of the facts are without.
	wasAll, isAll *catalog.Catalog
	result        Result
}

// copied says whether the plan was run on a copy.
func (j *judge) copied() bool { return j.After.Catalog != nil }

// without says what was not looked at, where there is no copy.
func (j *judge) without() {
	reason := cmp.Or(j.NoCopy, "the plan was not run on a copy")
	switch {
	case j.PlanFails == "" && (j.Directory && len(j.Texts) > 0 || j.Plan != nil && len(j.Plan.Steps) > 0):
		reason = "the plan was not run on a copy"
		j.find(rule.PlanNotRun, finding.Decide, j.database(), reason+": what stops working is not known", evidence(j.NoCopy))
	case j.PlanFails != "":
		reason = "the plan fails on the copy"
		if !j.refused() { // else that is why
			severity := finding.MustFix
			if j.RowsMissing {
				severity = finding.Decide
				reason += ", which has no rows: with rows it may not"
			}
			j.find(rule.PlanFails, severity, j.subject(""), reason, evidence(j.PlanFails))
		}
	}
	for _, c := range []struct{ id, what string }{
		{"procedures", "which procedures stop working"}, {"access", "rights and owners"}, {"attributes", "attributes of procedures"},
		{"overloads", "procedures of one name"}, {"results", "what procedures return"}, {"objects", "what goes, or becomes different"},
		{"locks", "locks and times"}, {"plans", "plans of changed procedures"}, {"rules", "what is new in the text of procedures"},
	} {
		j.skip(c.id, c.what+": not checked", reason)
	}
}

// pairs matches what is there afterwards with what was there before.
func (j *judge) pairs() {
	j.before, j.after = map[catalog.Object]catalog.Object{}, map[catalog.Object]catalog.Object{}
	j.replaced = map[catalog.Object]bool{}
	for object := range j.is.routines {
		if _, ok := j.was.routines[object]; ok {
			j.before[object], j.after[object] = object, object
		}
	}
	for _, c := range j.Changes {
		if c.Object.Kind != catalog.KindRoutine {
			continue
		}
		if c.Was != nil {
			j.before[c.Object], j.after[*c.Was] = *c.Was, c.Object
			j.replaced[*c.Was] = true
		} else if c.Sort == change.Changed || c.Sort == change.Signature || c.Sort == change.Removed {
			j.replaced[c.Object] = true
		}
	}
}

// database names the database itself: a copy of it has a name of its own.
func (j *judge) database() catalog.Object {
	o := catalog.Object{Kind: catalog.KindDatabase, Name: j.Before.Catalog.Database.Name}
	if j.Check != nil {
		o.Name = j.Check.Database.Name
	}
	return o
}

// moves are the columns whose values are proven to be elsewhere afterwards.
func (j *judge) moves() map[catalog.Object]bool {
	moved := map[catalog.Object]bool{}
	if j.Data == nil {
		return moved
	}
	for _, t := range j.Data.Tables {
		schema, name, ok := strings.Cut(t.Table, ".")
		if !ok {
			schema, name = "public", t.Table
		}
		for _, c := range t.Moves {
			moved[catalog.Object{Kind: catalog.KindColumn, Schema: schema, Of: name, Name: c.Name}] = true
		}
	}
	return moved
}

// guarded says whether the plan stops while other clients are connected: nobody calls what is replaced then.
func (j *judge) guarded() bool {
	return j.Plan != nil && slices.ContainsFunc(j.Plan.Steps, func(a upgrade.Action) bool { return a.Kind == upgrade.KindAlone })
}

// find adds a finding of the upgrade.
func (j *judge) find(id string, severity finding.Severity, object catalog.Object, summary string, more ...func(*finding.Finding)) {
	f := finding.Finding{Rule: id, Severity: severity, Object: object, Summary: summary}
	for _, add := range more {
		add(&f)
	}
	f.Silenced = j.silences.of(f)
	j.result.Findings = append(j.result.Findings, f)
}

// evidence shows a finding, a line each.
func evidence(lines ...string) func(*finding.Finding) {
	return func(f *finding.Finding) { f.Evidence = append(f.Evidence, lines...) }
}

// fix puts it right.
func fix(statements ...string) func(*finding.Finding) {
	return func(f *finding.Finding) { f.Fix = strings.Join(statements, "\n") }
}

func (j *judge) check(id string, failed bool, summary string, detail ...string) {
	state := Passed
	if failed {
		state = Failed
	}
	j.result.Checks = append(j.result.Checks, Check{ID: id, State: state, Summary: summary, Detail: detail})
}

func (j *judge) skip(id, summary string, detail ...string) {
	j.result.Checks = append(j.result.Checks, Check{ID: id, State: Skipped, Summary: summary, Detail: detail})
}

// found counts the findings, but for notes, of some rules.
func (j *judge) found(ids ...string) int {
	n := 0
	for _, f := range j.result.Findings {
		if slices.Contains(ids, f.Rule) && f.Severity != finding.Note && f.Silenced == "" {
			n++
		}
	}
	return n
}

// name calls an object by as few words as tell it apart: a routine goes without its arguments if it is the only one of its name.
func (j *judge) name(o catalog.Object) string {
	if o.Kind != catalog.KindRoutine {
		return o.String()
	}
	if same(j.was.names[o.Name], o.Schema) > 1 || same(j.is.names[o.Name], o.Schema) > 1 {
		return o.String()
	}
	o.Kind = "" // its name alone
	return o.String()
}

// same counts the routines of a schema.
func same(routines []*catalog.Routine, schema string) int {
	n := 0
	for _, r := range routines {
		if r.Schema == schema {
			n++
		}
	}
	return n
}

// some lists names, the first few of them.
func some(names []string) string {
	const most = 5
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), len(names)-most+1)
}

// calledBy says who calls a routine, and which triggers fire it; nothing where nobody does.
func (j *judge) calledBy(x index, o catalog.Object) []string {
	var names, lines []string
	for _, caller := range x.callers[o.Name] {
		if caller != o {
			names = append(names, j.name(caller))
		}
	}
	if len(names) > 0 {
		lines = append(lines, "called by "+some(names))
	}
	if fired := x.triggers[o.Name]; len(fired) > 0 {
		lines = append(lines, "fired by "+some(fired))
	}
	return lines
}
