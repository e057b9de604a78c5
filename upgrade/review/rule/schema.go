package rule

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// Schema is the tables and procedures among which a text is judged. The zero value knows none.
type Schema struct {
	tables   map[string]*catalog.Table
	routines map[string][]*catalog.Routine
}

// NewSchema returns that of a database.
func NewSchema(c *catalog.Catalog) Schema {
	s := Schema{tables: map[string]*catalog.Table{}, routines: map[string][]*catalog.Routine{}}
	if c == nil {
		return s
	}
	for i := range c.Tables {
		s.tables[key(c.Tables[i].Schema, c.Tables[i].Name)] = &c.Tables[i]
	}
	for i := range c.Routines {
		s.routines[c.Routines[i].Name] = append(s.routines[c.Routines[i].Name], &c.Routines[i])
	}
	return s
}

// key is what a table is found by; a name without a schema is one of public.
func key(schema, name string) string { return cmp.Or(schema, "public") + "." + name }

// table returns a table, nil if there is none.
func (s Schema) table(schema, name string) *catalog.Table { return s.tables[key(schema, name)] }

// column returns a column, nil if there is none.
func column(t *catalog.Table, name string) *catalog.Column {
	i := slices.IndexFunc(t.Columns, func(c catalog.Column) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return nil
	}
	return &t.Columns[i]
}
