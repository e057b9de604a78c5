package judge

import (
	"regexp"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// executes is what a trigger calls, without its schema.
var executes = regexp.MustCompile(`EXECUTE (?:FUNCTION|PROCEDURE) (?:[^ (]*\.)?"?([^."(]+)"?\(`)

// index finds the objects of a catalog.
type index struct {
	routines map[catalog.Object]*catalog.Routine
	tables   map[catalog.Object]*catalog.Table
	types    map[catalog.Object]*catalog.Type
	names    map[string][]*catalog.Routine // of routines, without their schemas
	callers  map[string][]catalog.Object   // of routines, by the name of what they call
	triggers map[string][]string           // by the name of the routine that they call
	inserts  map[string][]insert           // by the name of the table
}

// insert is a procedure that writes rows into a table, and the columns it names; nil for all.
type insert struct {
	object  catalog.Object
	columns []string
}

func newIndex(side Side) index {
	x := index{
		routines: map[catalog.Object]*catalog.Routine{}, tables: map[catalog.Object]*catalog.Table{},
		types: map[catalog.Object]*catalog.Type{}, names: map[string][]*catalog.Routine{},
		callers: map[string][]catalog.Object{}, triggers: map[string][]string{}, inserts: map[string][]insert{},
	}
	if side.Catalog == nil {
		return x
	}
	for i := range side.Catalog.Routines {
		r := &side.Catalog.Routines[i]
		x.routines[r.Object] = r
		x.names[r.Name] = append(x.names[r.Name], r)
	}
	for i := range side.Catalog.Tables {
		t := &side.Catalog.Tables[i]
		x.tables[t.Object] = t
		for _, g := range t.Triggers {
			if match := executes.FindStringSubmatch(g.Definition); match != nil {
				x.triggers[match[1]] = append(x.triggers[match[1]], part(catalog.KindTrigger, t, g.Name).String())
			}
		}
	}
	for i := range side.Catalog.Types {
		x.types[side.Catalog.Types[i].Object] = &side.Catalog.Types[i]
	}
	for _, refers := range side.Refers {
		for _, name := range refers.Names.Routines {
			x.callers[name.Name] = append(x.callers[name.Name], refers.Object)
		}
		for _, use := range refers.Names.Tables {
			if !use.Insert {
				continue
			}
			x.inserts[use.Name.Name] = append(x.inserts[use.Name.Name], insert{refers.Object, use.Writes})
		}
	}
	return x
}

// column returns the column of a table, nil if it has none of that name.
func column(t *catalog.Table, name string) *catalog.Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// part names a column, constraint, index or trigger of a table.
func part(kind catalog.Kind, t *catalog.Table, name string) catalog.Object {
	return catalog.Object{Kind: kind, Schema: t.Schema, Of: t.Name, Name: name}
}
