package change

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// Compare returns what differs between two catalogs, in the order of the objects. Sizes and estimates make no difference.
func Compare(before, after *catalog.Catalog) []Change {
	was, is := itemsOf(before, before.Database.Name), itemsOf(after, before.Database.Name)
	var (
		changes    []Change
		gone, come []item
	)
	for object, old := range was {
		switch now, stays := is[object]; {
		case stays:
			if c, differs := old.compare(now); differs {
				changes = append(changes, c)
			}
		case !old.goesWith(is):
			gone = append(gone, old)
		}
	}
	for object, now := range is {
		if _, known := was[object]; !known && !now.goesWith(was) {
			come = append(come, now)
		}
	}
	pairs, gone, come := pair(gone, come)
	changes = append(changes, pairs...)
	for _, old := range gone {
		changes = append(changes, Change{Sort: Removed, Object: old.object, Before: old.text})
	}
	for _, now := range come {
		changes = append(changes, Change{Sort: Added, Object: now.object, After: now.text})
	}
	slices.SortFunc(changes, func(a, b Change) int { return a.Object.Compare(b.Object) })
	return changes
}

// goesWith says whether an item is a column of a table that is not in the other catalog: the table's own text names it.
func (i item) goesWith(other map[catalog.Object]item) bool {
	if i.object.Kind != catalog.KindColumn {
		return false
	}
	for _, kind := range []catalog.Kind{catalog.KindTable, catalog.KindView} {
		if _, there := other[catalog.Object{Kind: kind, Schema: i.object.Schema, Name: i.object.Of}]; there {
			return false
		}
	}
	return true
}

// compare says what happened to an object that both catalogs have, under whichever names.
func (i item) compare(now item) (Change, bool) {
	c := Change{Sort: Attributes, Object: now.object, Before: i.text, After: now.text}
	for n, a := range i.attributes {
		if b := now.attributes[n]; a.value != b.value {
			c.Attributes = append(c.Attributes, Attribute{Name: a.name, Before: a.value, After: b.value})
		}
	}
	// What is new or gone says so itself.
	if a, b := among(i.columns, now.columns), among(now.columns, i.columns); !slices.Equal(a, b) {
		c.Attributes = append(c.Attributes, Attribute{Name: "order of columns", Before: strings.Join(a, ", "), After: strings.Join(b, ", ")})
	}
	switch {
	case i.object != now.object:
		c.Sort, c.Was = Signature, &i.object
	case i.call != now.call:
		c.Sort = Signature
	case i.body != now.body:
		c.Sort = Changed
	default:
		return c, len(c.Attributes) > 0
	}
	return c, true
}

// among are those names that are among others, in their own order.
func among(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(others, name) })
}

// pair matches routines that went with those that came: where one of a name did each, its arguments changed.
func pair(gone, come []item) (pairs []Change, stillGone, stillCome []item) {
	type name struct{ schema, name string }
	went, came := map[name][]item{}, map[name][]item{}
	for _, i := range gone {
		if i.object.Kind == catalog.KindRoutine {
			went[name{i.object.Schema, i.object.Name}] = append(went[name{i.object.Schema, i.object.Name}], i)
		}
	}
	for _, i := range come {
		if i.object.Kind == catalog.KindRoutine {
			came[name{i.object.Schema, i.object.Name}] = append(came[name{i.object.Schema, i.object.Name}], i)
		}
	}
	paired := map[catalog.Object]bool{}
	for n, old := range went {
		if len(old) != 1 || len(came[n]) != 1 {
			continue
		}
		now := came[n][0]
		c, _ := old[0].compare(now)
		pairs = append(pairs, c)
		paired[old[0].object], paired[now.object] = true, true
	}
	unpaired := func(i item) bool { return paired[i.object] }
	return pairs, slices.DeleteFunc(gone, unpaired), slices.DeleteFunc(come, unpaired)
}

// byRole orders rights by the privilege, then by who has it.
func byRole(a, b catalog.Grant) int {
	return cmp.Or(cmp.Compare(a.Privilege, b.Privilege), cmp.Compare(a.Role, b.Role))
}
