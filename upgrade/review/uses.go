package review

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/judge"
	"github.com/ovirt/coco/upgrade/review/routine"
)

// ownSchema holds what is coco's alone: nobody else uses it.
const ownSchema = "coco"

// usesOf are the procedures that name a table that the plan changes. One that does not change, and does the same afterwards, stands there
// once.
func usesOf(before, after judge.Side, changes []change.Change) []Touch {
	tables := changedTables(changes)
	differs := map[catalog.Object]bool{}
	for _, c := range changes {
		differs[c.Object] = true
	}
	touches := touchesOf(before, tables, false)
	was := map[catalog.Object]Touch{}
	for _, t := range touches {
		was[t.Object] = t
	}
	for _, t := range touchesOf(after, tables, true) {
		old, known := was[t.Object]
		if !known || differs[t.Object] || !reflect.DeepEqual(old.Uses, t.Uses) || !slices.Equal(old.Callers, t.Callers) {
			touches = append(touches, t)
		}
	}
	return touches
}

// changedTables are the tables and views that changes are about, also by a part of theirs.
func changedTables(changes []change.Change) map[routine.Name]bool {
	tables := map[routine.Name]bool{}
	for _, c := range changes {
		switch c.Object.Kind {
		case catalog.KindTable, catalog.KindView, catalog.KindColumn, catalog.KindConstraint, catalog.KindIndex, catalog.KindTrigger:
			if c.Object.Schema != ownSchema {
				tables[routine.Name{Schema: c.Object.Schema, Name: cmp.Or(c.Object.Of, c.Object.Name)}] = true
			}
		default:
		}
	}
	return tables
}

// touchesOf are the procedures of one side that name one of the tables, with what else of the database they call.
func touchesOf(side judge.Side, tables map[routine.Name]bool, after bool) []Touch {
	routines := map[string]bool{}
	for _, r := range side.Catalog.Routines {
		routines[r.Name] = true
	}
	callers := map[string][]catalog.Object{}
	for _, refers := range side.Refers {
		for _, called := range refers.Names.Routines {
			if refers.Object.Schema != ownSchema && !slices.Contains(callers[called.Name], refers.Object) {
				callers[called.Name] = append(callers[called.Name], refers.Object)
			}
		}
	}
	var touches []Touch
	for _, refers := range side.Refers {
		touch := Touch{Object: refers.Object, After: after}
		for _, use := range refers.Names.Tables {
			if tables[routine.Name{Schema: cmp.Or(use.Schema, "public"), Name: use.Name.Name}] {
				touch.Uses.Tables = append(touch.Uses.Tables, use)
			}
		}
		if len(touch.Uses.Tables) == 0 || refers.Object.Schema == ownSchema {
			continue
		}
		for _, called := range refers.Names.Routines {
			if routines[called.Name] && called.Schema != "pg_catalog" {
				touch.Uses.Routines = append(touch.Uses.Routines, called)
			}
		}
		for _, caller := range callers[refers.Object.Name] {
			if caller != refers.Object {
				touch.Callers = append(touch.Callers, caller)
			}
		}
		touches = append(touches, touch)
	}
	return touches
}
