package approval

import (
	"cmp"
	"slices"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// catalog adds what the catalog holds, without what is coco's.
func (l *Live) catalog(mine *own, c *catalog.Catalog) {
	mine.prepare(c)
	l.add(Rights, "server", c.Major)
	l.common(c.Database.Common)
	for _, setting := range c.Database.Settings {
		l.add(Rights, c.Database.Object, "setting", setting)
	}
	for _, e := range c.Extensions {
		l.common(e.Common)
		l.add(Tables, e.Object, e.Version, e.Within)
	}
	isNew := fresh(c)
	skip := func(schema, name string) bool {
		return schema == ownSchema || isNew && schema == public && slices.Contains(madeFirst, name)
	}
	for _, s := range c.Schemas {
		if s.Name != ownSchema {
			l.common(s.Common)
		}
	}
	l.routines(mine, c, skip)
	for _, t := range c.Tables {
		switch {
		case t.Schema == ownSchema, isNew, t.Schema == public && t.Name == versions:
		case t.Schema == public && t.Name == commands && hasTable(c, ownSchema, "parked"):
			l.foreign(t)
		default:
			l.table(t)
		}
	}
	for _, s := range c.Sequences {
		if !skip(s.Schema, s.Name) {
			l.common(s.Common)
			l.add(Tables, s.Object, s.Definition)
		}
	}
	for _, t := range c.Types {
		if !skip(t.Schema, t.Name) {
			l.common(t.Common)
			l.add(Tables, t.Object, t.Sort, t.Definition)
		}
	}
	if !isNew {
		l.moved(mine.columns)
	}
}

// common adds what every object has.
func (l *Live) common(c catalog.Common) {
	l.add(Rights, c.Object, c.Owner, sorted(c.Grants))
	if c.Comment != "" {
		l.add(Tables, c.Object, "comment", c.Comment)
	}
}

// sorted are rights in an order that depends on nothing else, each once.
func sorted(grants []catalog.Grant) []catalog.Grant {
	list := slices.SortedFunc(slices.Values(grants), func(a, b catalog.Grant) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Privilege, b.Privilege), boolean(a.Option)-boolean(b.Option))
	})
	return slices.Compact(list)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// routines adds all procedures: those that were put away as they were, coco's own only where somebody has changed them. One of the engine's that
// its tools have installed anew beside its former self is no change if it is the same.
func (l *Live) routines(mine *own, c *catalog.Catalog, skip func(schema, name string) bool) {
	var list []catalog.Routine
	for _, r := range mine.originals {
		if !skip(r.Schema, r.Name) {
			list = append(list, *r)
		}
	}
	for _, r := range c.Routines {
		if !skip(r.Schema, r.Name) && !mine.routine(r) {
			list = append(list, r)
		}
	}
	seen := map[string]bool{}
	for _, r := range list {
		rights := line(r.Object, r.Owner, sorted(r.Grants))
		r.Owner, r.Grants = "", nil
		rest := line(r)
		if !seen[rights+rest] {
			l.lines[Rights], l.lines[Procedures] = append(l.lines[Rights], rights), append(l.lines[Procedures], rest)
		}
		seen[rights+rest] = true
	}
}

// table adds a table or a view, without what coco has put on it and what the server measures.
func (l *Live) table(t catalog.Table) {
	l.add(Rights, t.Object, t.Owner, sorted(t.Grants))
	t.Owner, t.Grants, t.Bytes, t.RowEstimate = "", nil, 0, 0
	ours := t.Schema == public && t.Name == tasks
	columns := []catalog.Column{}
	for _, c := range t.Columns {
		if usual, moves := movedType(c.Name); ours && moves {
			if c.Type != usual || c.NotNull || c.Default+c.Generated+c.Collation != "" {
				l.add(Tables, t.Object, c.Name, c.Type, c.NotNull, c.Default, c.Generated, c.Collation)
			}
			continue
		}
		if len(c.Grants) > 0 {
			l.add(Rights, t.Object, c.Name, sorted(c.Grants))
		}
		c.Grants = nil
		columns = append(columns, c)
	}
	t.Columns, t.Indexes, t.Triggers = columns, slices.Clone(t.Indexes), slices.Clone(t.Triggers)
	for i := range t.Indexes {
		t.Indexes[i].Bytes = 0
	}
	if ours {
		t.Triggers = slices.DeleteFunc(t.Triggers, ownTrigger)
	}
	if len(t.Triggers) == 0 {
		t.Triggers = nil
	}
	l.add(Tables, t)
}

// foreign adds what somebody else has put on coco's own table.
func (l *Live) foreign(t catalog.Table) {
	triggers := slices.DeleteFunc(slices.Clone(t.Triggers), ownTrigger)
	if len(triggers) > 0 || len(t.Rules) > 0 || t.RLS {
		l.add(Tables, t.Object, triggers, t.Rules, t.RLS, t.Policies)
	}
}

// moved adds what hangs on the columns that move.
func (l *Live) moved(columns []column) {
	for _, c := range columns {
		for _, grant := range c.Grants {
			l.add(Rights, unquoted(grant))
		}
		l.add(Tables, tasks, c.Name, c.Description, c.Statistics, c.Storage, c.Compression, c.Options)
	}
}
