package judge

import (
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// owned is an object with an owner, rights and a comment, as it was and as it is.
type owned struct {
	object  catalog.Object
	sort    string
	was, is catalog.Common
	// options are settings of a database or SET clauses of a routine.
	wasOptions, isOptions []string
}

// kept are the objects that are there before and after, the routines with changed arguments among them, in the order of their names.
func (j *judge) kept() []owned {
	var all []owned
	was, is := j.wasAll, j.isAll
	all = append(all, owned{j.database(), "", was.Database.Common, is.Database.Common, was.Database.Settings, is.Database.Settings})
	for _, s := range is.Schemas {
		for _, old := range was.Schemas {
			if old.Object == s.Object {
				all = append(all, owned{object: s.Object, was: old.Common, is: s.Common})
			}
		}
	}
	for _, r := range is.Routines {
		if old := j.was.routines[j.before[r.Object]]; old != nil {
			all = append(all, owned{r.Object, r.Sort, old.Common, r.Common, old.Settings, r.Settings})
		}
	}
	for i := range is.Tables {
		all = append(all, j.keptParts(&is.Tables[i])...)
	}
	for _, s := range is.Sequences {
		for _, old := range was.Sequences {
			if old.Object == s.Object {
				all = append(all, owned{object: s.Object, was: old.Common, is: s.Common})
			}
		}
	}
	for _, t := range is.Types {
		if old := j.was.types[t.Object]; old != nil {
			all = append(all, owned{object: t.Object, sort: t.Sort, was: old.Common, is: t.Common})
		}
	}
	return all
}

// keptParts are a table that was there before, and those of its parts that were: they have a comment, columns rights too.
func (j *judge) keptParts(t *catalog.Table) []owned {
	old := j.was.tables[t.Object]
	if old == nil {
		return nil
	}
	all := []owned{{object: t.Object, sort: t.Sort, was: old.Common, is: t.Common}}
	add := func(kind catalog.Kind, name string, was, is catalog.Common) {
		was.Owner, is.Owner = old.Owner, t.Owner
		all = append(all, owned{object: part(kind, t, name), was: was, is: is})
	}
	for _, c := range t.Columns {
		if before := column(old, c.Name); before != nil {
			add(catalog.KindColumn, c.Name, catalog.Common{Comment: before.Comment, Grants: before.Grants},
				catalog.Common{Comment: c.Comment, Grants: c.Grants})
		}
	}
	for _, c := range t.Constraints {
		if i := slices.IndexFunc(old.Constraints, func(o catalog.Constraint) bool { return o.Name == c.Name }); i >= 0 {
			add(catalog.KindConstraint, c.Name, catalog.Common{Comment: old.Constraints[i].Comment}, catalog.Common{Comment: c.Comment})
		}
	}
	for _, x := range t.Indexes {
		if i := slices.IndexFunc(old.Indexes, func(o catalog.Index) bool { return o.Name == x.Name }); i >= 0 {
			add(catalog.KindIndex, x.Name, catalog.Common{Comment: old.Indexes[i].Comment}, catalog.Common{Comment: x.Comment})
		}
	}
	for _, g := range t.Triggers {
		if i := slices.IndexFunc(old.Triggers, func(o catalog.Trigger) bool { return o.Name == g.Name }); i >= 0 {
			add(catalog.KindTrigger, g.Name, catalog.Common{Comment: old.Triggers[i].Comment}, catalog.Common{Comment: g.Comment})
		}
	}
	return all
}

// partial says whether an object is part of a table: its owner is the table's.
func (o owned) partial() bool { return o.object.Of != "" }

// noun calls a kind of object as people do.
func noun(o catalog.Object, sort string) string {
	switch {
	case o.Kind == catalog.KindRoutine && sort != "":
		return sort
	case (o.Kind == catalog.KindTable || o.Kind == catalog.KindView) && sort != "":
		return sort
	case o.Kind == catalog.KindRoutine:
		return "function"
	}
	return strings.ToLower(string(o.Kind))
}
