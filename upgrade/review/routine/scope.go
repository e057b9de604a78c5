package routine

import (
	"slices"

	pg "github.com/sqlc-dev/oliphant"
)

// scope is what the names in a query, or a part of one, can stand for.
type scope struct {
	outer  *scope
	common []string // names of WITH
	ranges []ranged
}

// ranged is something with rows, by the name that its columns can be qualified with. What is no table has no use.
type ranged struct {
	alias string
	use   *TableUse
}

// within does something in a scope of its own.
func (w *walker) within(do func()) {
	w.scope = &scope{outer: w.scope}
	do()
	w.scope = w.scope.outer
}

func (w *walker) bring(alias *pg.Alias, name string, use *TableUse) {
	if alias.GetAliasname() != "" {
		name = alias.GetAliasname()
	}
	w.scope.ranges = append(w.scope.ranges, ranged{name, use})
}

// with notes the queries of WITH. Unless they are recursive, each sees those before it.
func (w *walker) with(clause *pg.WithClause) {
	for _, recursive := range []bool{true, false} {
		for _, node := range clause.GetCtes() {
			query := node.GetCommonTableExpr()
			if recursive && clause.GetRecursive() {
				w.scope.common = append(w.scope.common, query.GetCtename())
			}
			if !recursive {
				w.within(func() { w.any(query.GetCtequery()) })
				w.scope.common = append(w.scope.common, query.GetCtename())
			}
		}
	}
}

// from brings what stands in FROM, and goes through the conditions and queries in it when all of it is there.
func (w *walker) from(items []*pg.Node) {
	var later []any
	for i := 0; i < len(items); i++ {
		switch n := items[i].GetNode().(type) {
		case *pg.Node_RangeVar:
			w.bringTable(n.RangeVar)
		case *pg.Node_JoinExpr:
			items = slices.Concat(items, []*pg.Node{n.JoinExpr.GetLarg(), n.JoinExpr.GetRarg()})
			later = append(later, n.JoinExpr.GetQuals())
		case *pg.Node_RangeSubselect:
			w.bring(n.RangeSubselect.GetAlias(), "", nil)
			later = append(later, n.RangeSubselect.GetSubquery())
		case *pg.Node_RangeFunction:
			w.bring(n.RangeFunction.GetAlias(), "", nil)
			later = append(later, n.RangeFunction.GetFunctions())
		default:
			w.scope.ranges = append(w.scope.ranges, ranged{})
			later = append(later, items[i])
		}
	}
	w.any(later...)
}

func (w *walker) bringTable(r *pg.RangeVar) {
	if r.GetSchemaname() == "" && w.isCommon(r.GetRelname()) {
		w.bring(r.GetAlias(), r.GetRelname(), nil)
		return
	}
	use := w.table(nameOf(r))
	use.Read = true
	w.bring(r.GetAlias(), r.GetRelname(), use)
}

func (w *walker) isCommon(name string) bool {
	for s := w.scope; s != nil; s = s.outer {
		if slices.Contains(s.common, name) {
			return true
		}
	}
	return false
}

// variable notes that a variable is read, if the name is one's.
func (w *walker) variable(name string) bool {
	v := find(w.visible, name)
	if v != nil {
		w.read[v.at] = true
	}
	return v != nil
}

// column notes what a name of a column, a row or a variable stands for.
func (w *walker) column(ref *pg.ColumnRef) {
	parts := texts(ref.GetFields())
	star := len(parts) < len(ref.GetFields())
	switch {
	case len(parts) == 0: // a star alone: all columns of all
		for i := range w.innermost() {
			w.reads(&w.scope.ranges[i], "*")
		}
	case len(parts) == 1 && !star:
		w.bare(parts[0])
	default:
		w.qualified(parts, star)
	}
}

// innermost are what an unqualified star stands for.
func (w *walker) innermost() []ranged {
	if w.scope == nil {
		return nil
	}
	return w.scope.ranges
}

func (w *walker) reads(r *ranged, column string) {
	if r.use != nil && !slices.Contains(r.use.Reads, column) {
		r.use.Reads = append(r.use.Reads, column)
	}
}

// bare notes a name that stands alone: a variable, a row, or a column of the only table that it can be of.
func (w *walker) bare(name string) {
	if w.variable(name) {
		return
	}
	if r := w.ranged(name); r != nil {
		w.reads(r, "*")
		return
	}
	for s := w.scope; s != nil; s = s.outer {
		if len(s.ranges) == 1 {
			w.reads(&s.ranges[0], name)
		}
		if len(s.ranges) > 0 {
			return
		}
	}
}

// qualified notes alias.column, schema.table.column, record.field or label.variable.
func (w *walker) qualified(parts []string, star bool) {
	found := false
	for i := range min(len(parts), 2) {
		r := w.ranged(parts[i])
		if r == nil {
			continue
		}
		column := "*"
		if i+1 < len(parts) {
			column = parts[i+1]
		} else if !star {
			continue
		}
		w.reads(r, column)
		found = true
		break
	}
	if !w.variable(parts[0]) && !found && len(parts) > 1 {
		w.variable(parts[1])
	}
}

// ranged finds what a qualifier stands for, the innermost first; nil if it is none.
func (w *walker) ranged(alias string) *ranged {
	for s := w.scope; s != nil; s = s.outer {
		for i := range s.ranges {
			if alias != "" && s.ranges[i].alias == alias {
				return &s.ranges[i]
			}
		}
	}
	return nil
}
