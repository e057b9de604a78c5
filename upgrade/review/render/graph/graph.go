// Package graph lays out which routines read and write which tables, before an upgrade and after it: routines in one column, tables in
// another, a line for each use.
package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/routine"
)

// State is what becomes of something.
type State string

// What can become of it.
const (
	Stays State = "stays"
	Gone  State = "gone"
	New   State = "new"
)

// Use is what a routine does with a table.
type Use struct {
	Routine, Table string
	State          State
	// Before and After are what it does, as select, insert; empty for nothing.
	Before, After []string
}

// Writes says that rows are changed, on either side.
func (u Use) Writes() bool {
	return slices.ContainsFunc(append(slices.Clone(u.Before), u.After...), func(what string) bool { return what != "select" })
}

// Routine is a routine, with its callers.
type Routine struct {
	Object catalog.Object
	Name   string
	State  State
	// Changes says that it is replaced by another one of its name.
	Changes bool
	Uses    []Use
	Callers []string
}

// Read joins what each routine does before and after. Routines that the changes list are there once, under the arguments that they have
// in the end. The order is by name.
func Read(touches []review.Touch, changes []change.Change) []Routine {
	renamed, changed := map[catalog.Object]catalog.Object{}, map[catalog.Object]bool{}
	for _, c := range changes {
		if c.Object.Kind != catalog.KindRoutine {
			continue
		}
		if c.Was != nil {
			renamed[*c.Was] = c.Object
		}
		changed[c.Object] = c.Sort == change.Changed || c.Sort == change.Signature
	}
	twice := map[catalog.Object][2]bool{}
	byObject := map[catalog.Object]*Routine{}
	var order []catalog.Object
	for _, touch := range touches {
		object, side := touch.Object, 0
		if touch.After {
			side = 1
		} else if now, ok := renamed[object]; ok {
			object = now
		}
		r, ok := byObject[object]
		if !ok {
			r = &Routine{Object: object, Name: object.String(), Changes: changed[object]}
			byObject[object], order = r, append(order, object)
		}
		seen := twice[object]
		seen[side] = true
		twice[object] = seen
		r.add(touch, side)
	}
	gone := map[catalog.Object]State{}
	for _, c := range changes {
		switch c.Sort {
		case change.Added:
			gone[c.Object] = New
		case change.Removed:
			gone[c.Object] = Gone
		default:
		}
	}
	list := make([]Routine, 0, len(order))
	for _, object := range order {
		r := byObject[object]
		// A routine that does not change stands there once: what it does, it does on both sides.
		if seen := twice[object]; seen[0] != seen[1] && gone[object] == "" && !r.Changes {
			r.both()
		}
		r.State = cmp.Or(gone[object], Stays)
		r.close()
		list = append(list, *r)
	}
	slices.SortStableFunc(list, func(a, b Routine) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func (r *Routine) add(touch review.Touch, side int) {
	for _, caller := range touch.Callers {
		if name := caller.String(); !slices.Contains(r.Callers, name) {
			r.Callers = append(r.Callers, name)
		}
	}
	for _, table := range touch.Uses.Tables {
		name := tableName(table.Name)
		i := slices.IndexFunc(r.Uses, func(u Use) bool { return u.Table == name })
		if i < 0 {
			i = len(r.Uses)
			r.Uses = append(r.Uses, Use{Routine: r.Name, Table: name})
		}
		own := &r.Uses[i].Before
		if side == 1 {
			own = &r.Uses[i].After
		}
		for _, what := range done(table) {
			if !slices.Contains(*own, what) {
				*own = append(*own, what)
			}
		}
	}
}

func (r *Routine) both() {
	for i, u := range r.Uses {
		all := append(slices.Clone(u.Before), u.After...)
		r.Uses[i].Before, r.Uses[i].After = all, all
	}
}

func (r *Routine) close() {
	for i, u := range r.Uses {
		switch {
		case len(u.Before) == 0:
			r.Uses[i].State = New
		case len(u.After) == 0:
			r.Uses[i].State = Gone
		default:
			r.Uses[i].State = Stays
		}
	}
	slices.SortFunc(r.Uses, func(a, b Use) int { return cmp.Compare(a.Table, b.Table) })
	slices.Sort(r.Callers)
}

func tableName(name routine.Name) string {
	if name.Schema == "" || name.Schema == "public" {
		return name.Name
	}
	return name.Schema + "." + name.Name
}

// done names what is done to a table's rows. What only names it reads it.
func done(use routine.TableUse) []string {
	var list []string
	for _, one := range []struct {
		does bool
		name string
	}{{use.Read, "select"}, {use.Insert, "insert"}, {use.Update, "update"}, {use.Delete, "delete"}} {
		if one.does {
			list = append(list, one.name)
		}
	}
	if len(list) == 0 {
		return []string{"select"}
	}
	return list
}

// Does writes what a use is, before and after where they differ: select, update → update.
func (u Use) Does() string {
	before, after := strings.Join(u.Before, ", "), strings.Join(u.After, ", ")
	if before == after {
		return before
	}
	return fmt.Sprintf("%s → %s", cmp.Or(before, "nothing"), cmp.Or(after, "nothing"))
}
