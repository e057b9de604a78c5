package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// objects judges what goes, and what becomes different in tables, views and types.
func (j *judge) objects() {
	for _, r := range j.Before.Catalog.Routines {
		if _, stays := j.after[r.Object]; !stays && !j.ownRoutine(r) {
			j.removed(r.Object, r.Sort, r.Definition, j.calledBy(j.is, r.Object)...)
		}
	}
	for i := range j.Before.Catalog.Tables {
		was := &j.Before.Catalog.Tables[i]
		is := j.is.tables[was.Object]
		if is == nil {
			j.removed(was.Object, was.Sort, viewSQL(was))
			continue
		}
		j.columns(was, is)
		j.constraints(was, is)
		j.indexes(was, is)
		j.triggers(was, is)
		j.rewrites(was, is)
		j.table(was, is)
	}
	for _, t := range j.Before.Catalog.Types {
		is := j.is.types[t.Object]
		if is == nil {
			j.removed(t.Object, t.Sort, "")
		} else if is.Definition != t.Definition {
			j.find(rule.TypeChanged, finding.Decide, t.Object, fmt.Sprintf("%s %s changes", noun(t.Object, ""), j.name(t.Object)),
				evidence("before: "+oneLine(t.Definition), "after: "+oneLine(is.Definition)))
		}
	}
	j.removedOthers()
	j.newIndexes()
	j.summary()
}

func (j *judge) removedOthers() {
	for _, s := range j.Before.Catalog.Sequences {
		i := slices.IndexFunc(j.After.Catalog.Sequences, func(o catalog.Sequence) bool { return o.Object == s.Object })
		if i < 0 {
			j.removed(s.Object, "", "")
		} else if is := j.After.Catalog.Sequences[i]; is.Definition != s.Definition {
			j.find(rule.TableChanged, finding.Decide, s.Object, fmt.Sprintf("sequence %s counts otherwise", j.name(s.Object)),
				evidence("before: "+s.Definition, "after: "+is.Definition))
		}
	}
	for _, s := range j.Before.Catalog.Schemas {
		if !slices.ContainsFunc(j.After.Catalog.Schemas, func(o catalog.Schema) bool { return o.Object == s.Object }) {
			j.removed(s.Object, "", "")
		}
	}
	for _, e := range j.Before.Catalog.Extensions {
		if !slices.ContainsFunc(j.After.Catalog.Extensions, func(o catalog.Extension) bool { return o.Object == e.Object }) {
			j.removed(e.Object, "", "")
		}
	}
}

func (j *judge) summary() {
	ids := []string{
		rule.ObjectLost, rule.ObjectRemoved, rule.ColumnDropped, rule.ColumnRequired, rule.ColumnChanged, rule.ConstraintChanged,
		rule.IndexInvalid, rule.TriggerChanged, rule.ViewChanged, rule.TypeChanged, rule.TableChanged,
	}
	keys, views := 0, 0
	for _, t := range j.Before.Catalog.Tables {
		if t.Kind == catalog.KindView {
			views++
		}
		for _, c := range t.Constraints {
			if c.Sort == "foreign key" {
				keys++
			}
		}
	}
	summary := fmt.Sprintf("%s with %s, %s and all indexes and triggers compared: ", counted(len(j.Before.Catalog.Tables)-views, "table"),
		counted(keys, "foreign key"), counted(views, "view"))
	if n := j.found(ids...); n > 0 {
		j.check("objects", true, summary+counted(n, "difference"))
		return
	}
	j.check("objects", false, summary+"nothing goes that is not kept elsewhere")
}

// removed judges an object that is no more. What no step names has gone with something else.
func (j *judge) removed(o catalog.Object, sort, again string, lines ...string) {
	more := []func(*finding.Finding){evidence(lines...)}
	if again != "" {
		more = append(more, fix(strings.TrimRight(again, "; \n")+";"))
	}
	if len(j.Texts) > 0 && !j.named[strings.ToLower(o.Name)] {
		j.find(rule.ObjectLost, finding.MustFix, o, fmt.Sprintf("%s %s goes, and no step of the plan names it", noun(o, sort), j.name(o)), more...)
		return
	}
	j.find(rule.ObjectRemoved, finding.Decide, o, fmt.Sprintf("%s %s is removed", noun(o, sort), j.name(o)), more...)
}

// viewSQL makes a view again; empty for a table, which no statement brings back.
func viewSQL(t *catalog.Table) string {
	switch t.Sort {
	case "view", "materialized view":
		return "CREATE " + strings.ToUpper(t.Sort) + " " + within(t.Schema, t.Name) + " AS\n" + strings.TrimSpace(t.Definition)
	default:
		return ""
	}
}

func (j *judge) constraints(was, is *catalog.Table) {
	for _, c := range was.Constraints {
		o := part(catalog.KindConstraint, was, c.Name)
		i := slices.IndexFunc(is.Constraints, func(n catalog.Constraint) bool { return n.Name == c.Name })
		switch {
		case i < 0:
			if slices.ContainsFunc(is.Constraints, func(n catalog.Constraint) bool { return n.Definition == c.Definition && n.Sort == c.Sort }) {
				continue // under another name
			}
			j.removedPart(was, is, o, c.Definition,
				"ALTER TABLE "+within(was.Schema, was.Name)+" ADD CONSTRAINT "+identifier(c.Name)+" "+c.Definition)
		case is.Constraints[i].Definition != c.Definition:
			j.find(rule.ConstraintChanged, finding.Decide, o, fmt.Sprintf("constraint %s changes", j.name(o)),
				evidence("before: "+c.Definition, "after: "+is.Constraints[i].Definition))
		case c.Valid && !is.Constraints[i].Valid:
			j.invalid(was, c, "is no longer known to hold for all rows")
		}
	}
	for _, c := range is.Constraints {
		if slices.ContainsFunc(was.Constraints, func(o catalog.Constraint) bool {
			return o.Name == c.Name || o.Definition == c.Definition && o.Sort == c.Sort
		}) {
			continue
		}
		o := part(catalog.KindConstraint, is, c.Name)
		if !c.Valid {
			j.invalid(is, c, "is new and not validated: older rows may break it")
			continue
		}
		j.find(rule.ConstraintChanged, finding.Decide, o, fmt.Sprintf("constraint %s is new: rows that break it are refused", j.name(o)),
			evidence(c.Definition), fix("ALTER TABLE "+within(is.Schema, is.Name)+" DROP CONSTRAINT "+identifier(c.Name)+";"))
	}
}

func (j *judge) invalid(t *catalog.Table, c catalog.Constraint, text string) {
	o := part(catalog.KindConstraint, t, c.Name)
	j.find(rule.ConstraintChanged, finding.Decide, o, fmt.Sprintf("constraint %s %s", j.name(o), text), evidence(c.Definition),
		fix("ALTER TABLE "+within(t.Schema, t.Name)+" VALIDATE CONSTRAINT "+identifier(c.Name)+";"))
}

// removedPart judges a constraint, index or trigger that is no more: with a column of its table it goes by itself.
func (j *judge) removedPart(was, is *catalog.Table, o catalog.Object, definition, again string) {
	names := words([]string{definition})
	for _, c := range was.Columns {
		if !names[strings.ToLower(c.Name)] || column(is, c.Name) != nil {
			continue
		}
		severity := finding.Decide
		if j.moved[part(catalog.KindColumn, was, c.Name)] {
			severity = finding.Note
		}
		j.find(rule.ObjectRemoved, severity, o, fmt.Sprintf("%s %s goes with column %s", noun(o, ""), j.name(o), c.Name), evidence(definition))
		return
	}
	j.removed(o, "", again, definition)
}

func (j *judge) indexes(was, is *catalog.Table) {
	for _, x := range was.Indexes {
		o := part(catalog.KindIndex, was, x.Name)
		i := slices.IndexFunc(is.Indexes, func(n catalog.Index) bool { return n.Name == x.Name })
		switch {
		case i < 0:
			if slices.ContainsFunc(was.Constraints, func(c catalog.Constraint) bool { return c.Name == x.Name }) {
				continue // the constraint's own: it is named once
			}
			if slices.ContainsFunc(is.Indexes, func(n catalog.Index) bool { return unnamed(n) == unnamed(x) }) {
				continue // under another name
			}
			j.removedPart(was, is, o, x.Definition, x.Definition)
		case is.Indexes[i].Definition != x.Definition:
			j.find(rule.TableChanged, finding.Decide, o, fmt.Sprintf("index %s is made otherwise", j.name(o)),
				evidence("before: "+x.Definition, "after: "+is.Indexes[i].Definition))
		case x.Valid && !is.Indexes[i].Valid:
			j.brokenIndex(is, is.Indexes[i])
		case x.Identifies && !is.Indexes[i].Identifies && was.Replica == is.Replica: // else the table says it
			j.find(rule.TableChanged, finding.Note, o, fmt.Sprintf("index %s is no longer what replicas know a changed row by", j.name(o)),
				fix("ALTER TABLE "+within(was.Schema, was.Name)+" REPLICA IDENTITY USING INDEX "+identifier(x.Name)+";"))
		case x.Clusters && !is.Indexes[i].Clusters:
			j.find(rule.TableChanged, finding.Note, o, fmt.Sprintf("index %s is no longer what CLUSTER goes by", j.name(o)),
				fix("ALTER TABLE "+within(was.Schema, was.Name)+" CLUSTER ON "+identifier(x.Name)+";"))
		}
	}
}

// unnamed is an index's definition without its name.
func unnamed(x catalog.Index) string {
	return strings.Replace(x.Definition, " "+identifier(x.Name)+" ON ", " ON ", 1)
}

// newIndexes looks for invalid ones that were not there.
func (j *judge) newIndexes() {
	for i := range j.After.Catalog.Tables {
		is := &j.After.Catalog.Tables[i]
		was := j.was.tables[is.Object]
		for _, x := range is.Indexes {
			if !x.Valid && (was == nil || !slices.ContainsFunc(was.Indexes, func(o catalog.Index) bool { return o.Name == x.Name })) {
				j.brokenIndex(is, x)
			}
		}
	}
}

func (j *judge) brokenIndex(t *catalog.Table, x catalog.Index) {
	o := part(catalog.KindIndex, t, x.Name)
	j.find(rule.IndexInvalid, finding.MustFix, o, fmt.Sprintf("index %s is not valid: it is kept up to date and never used", j.name(o)),
		evidence(x.Definition), fix("REINDEX INDEX "+within(t.Schema, x.Name)+";"))
}

func (j *judge) triggers(was, is *catalog.Table) {
	for _, g := range was.Triggers {
		o := part(catalog.KindTrigger, was, g.Name)
		i := slices.IndexFunc(is.Triggers, func(n catalog.Trigger) bool { return n.Name == g.Name })
		switch {
		case i < 0 && ownTrigger(g):
		case i < 0:
			j.removedPart(was, is, o, g.Definition, g.Definition)
		case is.Triggers[i].Definition != g.Definition:
			j.find(rule.TriggerChanged, finding.Decide, o, fmt.Sprintf("trigger %s changes", j.name(o)),
				evidence("before: "+g.Definition, "after: "+is.Triggers[i].Definition))
		case is.Triggers[i].Enabled != g.Enabled:
			severity := finding.Decide
			if is.Triggers[i].Enabled == "disabled" {
				severity = finding.MustFix
			}
			j.find(rule.TriggerChanged, severity, o, fmt.Sprintf("trigger %s is %s, it was %s", j.name(o), enabled(is.Triggers[i].Enabled), enabled(g.Enabled)),
				fix("ALTER TABLE "+within(was.Schema, was.Name)+" "+enabling(g.Enabled)+" TRIGGER "+identifier(g.Name)+";"))
		}
	}
	for _, g := range is.Triggers {
		if !slices.ContainsFunc(was.Triggers, func(o catalog.Trigger) bool { return o.Name == g.Name }) {
			o := part(catalog.KindTrigger, is, g.Name)
			j.find(rule.TriggerChanged, finding.Note, o, fmt.Sprintf("trigger %s is new: writing %s does more than before", j.name(o), is.Name),
				evidence(g.Definition))
		}
	}
}

func (j *judge) rewrites(was, is *catalog.Table) {
	for _, r := range was.Rules {
		o := part(catalog.KindRule, was, r.Name)
		i := slices.IndexFunc(is.Rules, func(n catalog.Rule) bool { return n.Name == r.Name })
		switch {
		case i < 0:
			j.removedPart(was, is, o, r.Definition, r.Definition)
		case is.Rules[i].Definition != r.Definition:
			j.find(rule.TriggerChanged, finding.Decide, o, fmt.Sprintf("rule %s changes", j.name(o)),
				evidence("before: "+r.Definition, "after: "+is.Rules[i].Definition), fix(strings.Replace(r.Definition, "CREATE ", "CREATE OR REPLACE ", 1)))
		case is.Rules[i].Enabled != r.Enabled:
			j.find(rule.TriggerChanged, finding.Decide, o,
				fmt.Sprintf("rule %s is %s, it was %s", j.name(o), enabled(is.Rules[i].Enabled), enabled(r.Enabled)),
				fix("ALTER TABLE "+within(was.Schema, was.Name)+" "+enabling(r.Enabled)+" RULE "+identifier(r.Name)+";"))
		}
	}
	for _, r := range is.Rules {
		if !slices.ContainsFunc(was.Rules, func(o catalog.Rule) bool { return o.Name == r.Name }) {
			o := part(catalog.KindRule, is, r.Name)
			j.find(rule.TriggerChanged, finding.Decide, o, fmt.Sprintf("rule %s is new: statements on %s become others", j.name(o), is.Name),
				evidence(r.Definition), fix("DROP RULE "+identifier(r.Name)+" ON "+within(is.Schema, is.Name)+";"))
		}
	}
}

func enabled(state string) string {
	switch state {
	case "":
		return "enabled"
	case "disabled":
		return "disabled"
	default:
		return "enabled " + state
	}
}

func enabling(state string) string {
	switch state {
	case "disabled":
		return "DISABLE"
	case "always", "replica":
		return "ENABLE " + strings.ToUpper(state)
	default:
		return "ENABLE"
	}
}
