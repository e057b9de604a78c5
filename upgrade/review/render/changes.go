package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/render/diff"
)

// sorts are what can happen to an object, in the order in which it is shown.
func sorts() []change.Sort {
	return []change.Sort{change.Added, change.Removed, change.Signature, change.Changed, change.Attributes}
}

// sortWord says what happened, to who reads it in a table.
func sortWord(s change.Sort) string {
	return cmp.Or(map[change.Sort]string{change.Signature: "other signature", change.Attributes: "other attributes"}[s], string(s))
}

// inventory is how many objects of a kind changed, by sort.
type inventory struct {
	Kind   catalog.Kind
	Name   string // in the plural
	Counts []int  // in the order of sorts
	Total  int
}

// inventories counts the changes by kind, those of people's first concern first.
func inventories(changes []change.Change) []inventory {
	order := []catalog.Kind{
		catalog.KindRoutine, catalog.KindTable, catalog.KindColumn, catalog.KindView, catalog.KindConstraint, catalog.KindIndex,
		catalog.KindTrigger, catalog.KindRule, catalog.KindType, catalog.KindSequence, catalog.KindSchema, catalog.KindExtension, catalog.KindDatabase,
	}
	var list []inventory
	for _, c := range changes {
		i := slices.IndexFunc(list, func(one inventory) bool { return one.Kind == c.Object.Kind })
		if i < 0 {
			i = len(list)
			list = append(list, inventory{Kind: c.Object.Kind, Name: plural(c.Object.Kind), Counts: make([]int, len(sorts()))})
		}
		if at := slices.Index(sorts(), c.Sort); at >= 0 {
			list[i].Counts[at]++
		}
		list[i].Total++
	}
	slices.SortStableFunc(list, func(a, b inventory) int {
		place := func(one inventory) int {
			if at := slices.Index(order, one.Kind); at >= 0 {
				return at
			}
			return len(order)
		}
		return cmp.Compare(place(a), place(b))
	})
	return list
}

func plural(k catalog.Kind) string {
	switch k {
	case catalog.KindIndex:
		return "indexes"
	default:
		return singular(k) + "s"
	}
}

func singular(k catalog.Kind) string {
	if k == catalog.KindRoutine {
		return "procedure"
	}
	return string(k)
}

// line says what happened to the objects of a kind: 8 added, 2 removed.
func (i inventory) line() string {
	var parts []string
	for at, n := range i.Counts {
		if n > 0 {
			parts = append(parts, human.Count(int64(n))+" "+inventoryWord(sorts()[at]))
		}
	}
	return strings.Join(parts, ", ")
}

func inventoryWord(s change.Sort) string {
	switch s {
	case change.Signature:
		return "with another signature"
	case change.Attributes:
		return "with other attributes"
	default:
		return string(s)
	}
}

// routineChanges are those of routines: what is reviewed line by line.
func routineChanges(changes []change.Change) []change.Change {
	list := slices.DeleteFunc(slices.Clone(changes), func(c change.Change) bool { return c.Object.Kind != catalog.KindRoutine })
	slices.SortStableFunc(list, func(a, b change.Change) int {
		return cmp.Compare(weightOf(a.Sort), weightOf(b.Sort))
	})
	return list
}

// weightOf puts what replaces something that is in use ahead of what is new.
func weightOf(s change.Sort) int {
	return slices.Index([]change.Sort{change.Signature, change.Changed, change.Removed, change.Attributes, change.Added}, s)
}

// delta is how many lines came and went: +2 −5; empty where none did.
func delta(c change.Change) string {
	added, removed := diff.Count(diff.Sides(c.Before, c.After))
	if added == 0 && removed == 0 {
		return ""
	}
	return fmt.Sprintf("+%d −%d", added, removed)
}

// attributeNames are those that differ, each once.
func attributeNames(c change.Change) string {
	var names []string
	for _, a := range c.Attributes {
		if !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	return strings.Join(names, ", ")
}
