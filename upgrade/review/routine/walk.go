package routine

import (
	"reflect"

	pg "github.com/sqlc-dev/oliphant"
)

// maxWalk is how far a tree is followed: a sum of a thousand terms is that deep.
const maxWalk = 20_000

// walker goes through the tree of a statement.
type walker struct {
	names

	visible []Variable
	label   string // the routine's name, which its arguments can be qualified with
	read    map[int]bool
	scope   *scope
	depth   int
	deep    bool // the tree was too deep to be followed to its end
}

// utility notes what a statement names. Those that make or change tables, or grant something, read no rows.
func (w *walker) utility(node *pg.Node) {
	switch s := node.GetNode().(type) {
	case *pg.Node_SelectStmt, *pg.Node_InsertStmt, *pg.Node_UpdateStmt, *pg.Node_DeleteStmt, *pg.Node_MergeStmt, *pg.Node_CallStmt:
		w.any(node)
	case *pg.Node_TruncateStmt:
		for _, r := range s.TruncateStmt.GetRelations() {
			w.table(nameOf(r.GetRangeVar())).Delete = true
		}
	case *pg.Node_CreateTableAsStmt:
		w.utility(s.CreateTableAsStmt.GetQuery())
	case *pg.Node_ExplainStmt:
		w.utility(s.ExplainStmt.GetQuery())
	case *pg.Node_CopyStmt:
		w.utility(s.CopyStmt.GetQuery())
		if s.CopyStmt.GetRelation() != nil {
			use := w.table(nameOf(s.CopyStmt.GetRelation()))
			use.Insert, use.Read = use.Insert || s.CopyStmt.GetIsFrom(), use.Read || !s.CopyStmt.GetIsFrom()
		}
	}
}

// any goes through whatever it is given.
func (w *walker) any(things ...any) {
	for _, thing := range things {
		w.value(reflect.ValueOf(thing))
	}
}

func (w *walker) value(v reflect.Value) {
	if w.depth++; w.depth > maxWalk {
		w.deep = true
	}
	defer func() { w.depth-- }()
	if w.deep {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !w.known(v.Interface()) {
			w.value(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			w.value(v.Elem())
		}
	case reflect.Slice:
		if kind := v.Type().Elem().Kind(); kind == reflect.Pointer || kind == reflect.Interface {
			for i := range v.Len() {
				w.value(v.Index(i))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); v.Type().Field(i).IsExported() && (field.Kind() == reflect.Pointer || field.Kind() == reflect.Interface || field.Kind() == reflect.Slice) {
				w.value(field)
			}
		}
	default:
	}
}

// known goes through what a name can stand in; false for everything else, whose parts are gone through one by one.
func (w *walker) known(thing any) bool {
	switch n := thing.(type) {
	case *pg.SelectStmt:
		w.query(n)
	case *pg.InsertStmt:
		w.insert(n)
	case *pg.UpdateStmt:
		w.update(n)
	case *pg.DeleteStmt:
		w.delete(n)
	case *pg.MergeStmt:
		w.mergeInto(n)
	case *pg.ColumnRef:
		w.column(n)
	case *pg.FuncCall:
		w.call(lastTwo(texts(n.GetFuncname())))
		return false // there are its arguments
	case *pg.IntoClause, *pg.LockingClause, *pg.TypeName: // names of what is made, of aliases, of types
	default:
		return false
	}
	return true
}

// texts are the parts of a name; a star is none.
func texts(nodes []*pg.Node) []string {
	var parts []string
	for _, n := range nodes {
		if s := n.GetString_(); s != nil {
			parts = append(parts, s.GetSval())
		}
	}
	return parts
}

// lastTwo is a name from its parts, of which the first may be a database.
func lastTwo(parts []string) Name {
	switch n := len(parts); n {
	case 0:
		return Name{}
	case 1:
		return Name{Name: parts[0]}
	default:
		return Name{Schema: parts[n-2], Name: parts[n-1]}
	}
}

func nameOf(r *pg.RangeVar) Name { return Name{Schema: r.GetSchemaname(), Name: r.GetRelname()} }
