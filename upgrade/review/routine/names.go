package routine

import (
	"cmp"
	"slices"
)

// names collects what is named.
type names struct {
	tables   []*TableUse
	routines []Name
}

// table returns what is known of the use of a table, to be added to.
func (n *names) table(name Name) *TableUse {
	for _, t := range n.tables {
		if t.Name == name {
			return t
		}
	}
	t := &TableUse{Name: name}
	n.tables = append(n.tables, t)
	return t
}

func (n *names) merge(other TableUse) {
	t := n.table(other.Name)
	t.Reads, t.Writes = append(t.Reads, other.Reads...), append(t.Writes, other.Writes...)
	t.Read, t.Insert = t.Read || other.Read, t.Insert || other.Insert
	t.Update, t.Delete = t.Update || other.Update, t.Delete || other.Delete
}

func (n *names) call(name Name) {
	if !slices.Contains(n.routines, name) {
		n.routines = append(n.routines, name)
	}
}

// refers returns it all, in the order of the names.
func (n *names) refers() Refers {
	var r Refers
	for _, t := range n.tables {
		slices.Sort(t.Reads)
		slices.Sort(t.Writes)
		t.Reads, t.Writes = slices.Compact(t.Reads), slices.Compact(t.Writes)
		r.Tables = append(r.Tables, *t)
	}
	slices.SortFunc(r.Tables, func(a, b TableUse) int { return a.Compare(b.Name) })
	r.Routines = n.routines
	slices.SortFunc(r.Routines, Name.Compare)
	return r
}

// Compare orders names by schema and name.
func (n Name) Compare(other Name) int {
	return cmp.Or(cmp.Compare(n.Schema, other.Schema), cmp.Compare(n.Name, other.Name))
}
