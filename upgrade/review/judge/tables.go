package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// columns judges those of a table that was there before, or of a view.
func (j *judge) columns(was, is *catalog.Table) {
	if was.Kind == catalog.KindView {
		j.view(was, is)
		return
	}
	for i := range was.Columns {
		c := &was.Columns[i]
		if now := column(is, c.Name); now != nil {
			j.column(was, c, now)
		} else {
			j.dropped(was, c)
		}
	}
	for i := range is.Columns {
		if c := &is.Columns[i]; column(was, c.Name) == nil {
			j.added(is, c)
		}
	}
	if before, after := shared(was, is), shared(is, was); !slices.Equal(before, after) {
		j.find(rule.ColumnChanged, finding.Decide, was.Object, fmt.Sprintf("the columns of %s change their order", j.name(was.Object)),
			evidence("before: "+list(before), "after: "+list(after)))
	}
}

// shared are the columns of a table that another one has too.
func shared(t, other *catalog.Table) []string {
	var names []string
	for _, c := range t.Columns {
		if column(other, c.Name) != nil {
			names = append(names, c.Name)
		}
	}
	return names
}

func (j *judge) dropped(t *catalog.Table, c *catalog.Column) {
	o := part(catalog.KindColumn, t, c.Name)
	switch {
	case j.moved[o]:
		j.find(rule.ColumnMoved, finding.Note, o, fmt.Sprintf("column %s goes; its values move, compared row by row before it does", j.name(o)))
	case len(j.Texts) > 0 && !j.named[strings.ToLower(c.Name)]:
		j.find(rule.ObjectLost, finding.MustFix, o, fmt.Sprintf("column %s goes with its values, and no step of the plan names it", j.name(o)))
	default:
		j.find(rule.ColumnDropped, finding.Decide, o, fmt.Sprintf("column %s is dropped, and its values with it", j.name(o)))
	}
}

func (j *judge) added(t *catalog.Table, c *catalog.Column) {
	o := part(catalog.KindColumn, t, c.Name)
	if !c.NotNull || c.Default != "" || c.Generated != "" {
		j.find(rule.ColumnAdded, finding.Note, o, fmt.Sprintf("column %s is new: SELECT * returns it too", j.name(o)), evidence(c.Type))
		return
	}
	j.required(t, o, c.Name, "is new and must not be null")
}

// required judges a column that needs a value from now on. Who inserts rows without one fails.
func (j *judge) required(t *catalog.Table, o catalog.Object, name, text string) {
	var failing []string
	for _, i := range j.is.inserts[t.Name] {
		if !slices.Contains(i.columns, name) && !slices.Contains(i.columns, "*") {
			failing = append(failing, j.name(i.object))
		}
	}
	if len(failing) > 0 {
		j.find(rule.ColumnRequired, finding.MustFix, o, fmt.Sprintf("column %s %s, and inserts without it fail: %s", j.name(o), text, some(failing)))
		return
	}
	j.find(rule.ColumnRequired, finding.Decide, o, fmt.Sprintf("column %s %s: inserts without it fail", j.name(o), text))
}

func (j *judge) column(t *catalog.Table, was, is *catalog.Column) {
	o := part(catalog.KindColumn, t, was.Name)
	alter := "ALTER TABLE " + within(t.Schema, t.Name) + " ALTER COLUMN " + identifier(was.Name)
	changed := func(severity finding.Severity, text string, more ...func(*finding.Finding)) {
		j.find(rule.ColumnChanged, severity, o, fmt.Sprintf("column %s %s", j.name(o), text), more...)
	}
	if was.Type != is.Type {
		changed(finding.Decide, fmt.Sprintf("becomes %s, it was %s", is.Type, was.Type))
	}
	if was.NotNull && !is.NotNull {
		changed(finding.Decide, "may be null, which was refused before", fix(alter+" SET NOT NULL;"))
	}
	if !was.NotNull && is.NotNull {
		if is.Default == "" && is.Generated == "" {
			j.required(t, o, was.Name, "must not be null any more")
		} else {
			changed(finding.Decide, "must not be null any more", fix(alter+" DROP NOT NULL;"))
		}
	}
	switch {
	case was.Default == is.Default:
	case is.Default == "" && is.NotNull && is.Generated == "":
		j.required(t, o, was.Name, fmt.Sprintf("loses its default (%s) and must not be null", was.Default))
	case is.Default == "":
		changed(finding.Decide, fmt.Sprintf("loses its default (%s)", was.Default), fix(alter+" SET DEFAULT "+was.Default+";"))
	case was.Default == "":
		changed(finding.Decide, fmt.Sprintf("gets a default: %s", is.Default), fix(alter+" DROP DEFAULT;"))
	default:
		changed(finding.Decide, fmt.Sprintf("gets the default %s, it was %s", is.Default, was.Default), fix(alter+" SET DEFAULT "+was.Default+";"))
	}
	if was.Generated != is.Generated {
		changed(finding.Decide, fmt.Sprintf("is generated otherwise: %s, it was %s", none(is.Generated), none(was.Generated)))
	}
	if was.Collation != is.Collation && was.Type == is.Type {
		changed(finding.Decide, fmt.Sprintf("is sorted by %s, it was %s", none(is.Collation), none(was.Collation)))
	}
	if was.Storage != is.Storage || was.Statistic != is.Statistic {
		changed(finding.Note, "is stored, or sampled for statistics, otherwise",
			evidence(fmt.Sprintf("before: storage %s, statistics %d", none(was.Storage), was.Statistic),
				fmt.Sprintf("after: storage %s, statistics %d", none(is.Storage), is.Statistic)))
	}
}

func none(text string) string {
	if text == "" {
		return "the default"
	}
	return text
}

func (j *judge) view(was, is *catalog.Table) {
	before, after := columnsOf(was), columnsOf(is)
	missing, added := without(before, after), without(after, before)
	text := noun(was.Object, was.Sort) + " " + j.name(was.Object)
	switch {
	case len(missing) > 0:
		j.find(rule.ViewChanged, finding.Decide, was.Object, fmt.Sprintf("%s loses %s: %s", text, counted(len(missing), "column"), list(missing)),
			evidence(differing("new", added)...))
	case was.Definition == is.Definition:
	case len(added) > 0 || !slices.Equal(before, after):
		j.find(rule.ViewChanged, finding.Decide, was.Object, text+" shows other columns, or in another order",
			evidence(differing("new", added)...))
	default:
		j.find(rule.ViewChanged, finding.Decide, was.Object, text+" is defined otherwise, with the same columns",
			evidence("before: "+oneLine(was.Definition), "after: "+oneLine(is.Definition)))
	}
}

func columnsOf(t *catalog.Table) []string {
	names := make([]string, 0, len(t.Columns))
	for _, c := range t.Columns {
		names = append(names, c.Name+" "+c.Type)
	}
	return names
}

// table judges how a table keeps its rows, and whom it shows them.
func (j *judge) table(was, is *catalog.Table) {
	alter := "ALTER TABLE " + within(was.Schema, was.Name)
	changed := func(severity finding.Severity, text string, more ...func(*finding.Finding)) {
		j.find(rule.TableChanged, severity, was.Object, j.name(was.Object)+" "+text, more...)
	}
	switch {
	case !was.Unlogged && is.Unlogged:
		changed(finding.MustFix, "becomes UNLOGGED: its rows are lost when the server crashes", fix(alter+" SET LOGGED;"))
	case was.Unlogged && !is.Unlogged:
		changed(finding.Note, "is logged from now on")
	}
	switch {
	case was.RLS && !is.RLS:
		changed(finding.MustFix, "no longer hides rows: row security is off", fix(alter+" ENABLE ROW LEVEL SECURITY;"))
	case !was.RLS && is.RLS:
		changed(finding.Decide, "hides rows that no policy shows: row security is on", fix(alter+" DISABLE ROW LEVEL SECURITY;"))
	}
	if !slices.Equal(was.Policies, is.Policies) {
		changed(finding.Decide, "has other policies", evidence("before: "+list(was.Policies), "after: "+list(is.Policies)))
	}
	if was.Sort != is.Sort {
		changed(finding.Decide, fmt.Sprintf("becomes a %s, it was a %s", is.Sort, was.Sort))
	}
	if was.Replica != is.Replica {
		changed(finding.Note, fmt.Sprintf("tells replicas of a changed row otherwise: %s, it was %s", none(is.Replica), none(was.Replica)))
	}
	if !slices.Equal(was.Options, is.Options) {
		changed(finding.Note, "is tuned otherwise", evidence("before: "+none(list(was.Options)), "after: "+none(list(is.Options))))
	}
}
