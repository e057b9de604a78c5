package change

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// item is an object of a catalog as it is compared.
type item struct {
	object catalog.Object
	// text shows it. Call is what callers of a routine depend on, body what else it is.
	text, call, body string
	attributes       []attribute // the same names, in the same order, for each kind
	columns          []string    // of a table, in its order
}

type attribute struct{ name, value string }

// itemsOf are all objects of a catalog, of a database that goes by a name: a copy's own is not its.
func itemsOf(c *catalog.Catalog, database string) map[catalog.Object]item {
	items := map[catalog.Object]item{}
	add := func(i item) { items[i.object] = i }
	add(item{object: catalog.Object{Kind: catalog.KindDatabase, Name: database}, attributes: append(common(c.Database.Common), set(c.Database.Settings))})
	for _, s := range c.Schemas {
		add(item{object: s.Object, text: "CREATE SCHEMA " + s.Name, attributes: common(s.Common)})
	}
	for _, e := range c.Extensions {
		text := fmt.Sprintf("CREATE EXTENSION %s SCHEMA %s VERSION '%s'", e.Name, e.Within, e.Version)
		add(item{object: e.Object, text: text, body: text, attributes: common(e.Common)})
	}
	for _, s := range c.Sequences {
		add(item{object: s.Object, text: "CREATE SEQUENCE " + name(s.Object) + " AS " + s.Definition, body: s.Definition, attributes: common(s.Common)})
	}
	for _, t := range c.Types {
		add(item{object: t.Object, text: t.Sort + " " + name(t.Object) + ": " + t.Definition, body: t.Sort + t.Definition, attributes: common(t.Common)})
	}
	for _, r := range c.Routines {
		add(routine(r))
	}
	for _, t := range c.Tables {
		for _, i := range table(t) {
			add(i)
		}
	}
	return items
}

func routine(r catalog.Routine) item {
	security := "invoker"
	if r.SecurityDefiner {
		security = "definer"
	}
	return item{
		object: r.Object, text: r.Definition, call: r.Parameters + " " + r.Result, body: r.Sort + " " + r.Language + " " + r.Body,
		attributes: append(common(r.Common),
			attribute{"security", security}, set(r.Settings), attribute{"volatility", r.Volatility}, attribute{"strict", yes(r.Strict)},
			attribute{"parallel", r.Parallel}, attribute{"leakproof", yes(r.LeakProof)}, attribute{"cost", number(r.Cost)},
			attribute{"rows", number(r.Rows)}),
	}
}

// table is a table or view with its parts.
func table(t catalog.Table) []item {
	body, text := t.Sort+" "+t.Definition, t.Definition
	if text == "" {
		text = create(t)
	}
	items := []item{{object: t.Object, text: text, body: body, attributes: append(common(t.Common),
		attribute{"options", strings.Join(t.Options, ", ")}, attribute{"unlogged", yes(t.Unlogged)}, attribute{"row security", yes(t.RLS)},
		attribute{"policies", strings.Join(t.Policies, "\n")}, attribute{"replica identity", t.Replica})}}
	part := func(kind catalog.Kind, name, text string, attributes ...attribute) {
		o := catalog.Object{Kind: kind, Schema: t.Schema, Of: t.Name, Name: name}
		items = append(items, item{object: o, text: text, body: text, attributes: attributes})
	}
	for _, c := range t.Columns {
		items[0].columns = append(items[0].columns, c.Name)
		part(catalog.KindColumn, c.Name, column(c), attribute{"comment", c.Comment}, attribute{"grant", rights(c.Grants)},
			attribute{"storage", c.Storage}, attribute{"statistics", strconv.Itoa(c.Statistic)})
	}
	for _, c := range t.Constraints {
		part(catalog.KindConstraint, c.Name, c.Definition, attribute{"comment", c.Comment}, attribute{"valid", yes(c.Valid)})
	}
	for _, x := range t.Indexes {
		part(catalog.KindIndex, x.Name, x.Definition, attribute{"comment", x.Comment}, attribute{"valid", yes(x.Valid)},
			attribute{"clusters", yes(x.Clusters)}, attribute{"identifies rows", yes(x.Identifies)})
	}
	for _, g := range t.Triggers {
		part(catalog.KindTrigger, g.Name, g.Definition, attribute{"comment", g.Comment}, attribute{"enabled", g.Enabled})
	}
	for _, r := range t.Rules {
		part(catalog.KindRule, r.Name, r.Definition, attribute{"enabled", r.Enabled})
	}
	return items
}

// create shows a table as the statement that makes it, as far as its columns go.
func create(t catalog.Table) string {
	lines := make([]string, 0, len(t.Columns))
	for _, c := range t.Columns {
		lines = append(lines, "    "+column(c))
	}
	return fmt.Sprintf("CREATE TABLE %s (\n%s\n)", name(t.Object), strings.Join(lines, ",\n"))
}

func column(c catalog.Column) string {
	text := c.Name + " " + c.Type
	if c.Collation != "" {
		text += " COLLATE " + c.Collation
	}
	if c.NotNull {
		text += " NOT NULL"
	}
	if c.Default != "" {
		text += " DEFAULT " + c.Default
	}
	if c.Generated != "" {
		text += " " + c.Generated
	}
	return text
}

// name is an object's with its schema, as the definitions of the catalog have it.
func name(o catalog.Object) string { return o.Schema + "." + o.Name }

func common(c catalog.Common) []attribute {
	return []attribute{{"owner", c.Owner}, {"comment", c.Comment}, {"grant", rights(c.Grants)}}
}

func set(settings []string) attribute { return attribute{"set", strings.Join(settings, ", ")} }

// rights writes who may do what, by what: EXECUTE to PUBLIC, engine; SELECT to backup.
func rights(grants []catalog.Grant) string {
	var parts []string
	last := ""
	for _, g := range slices.SortedFunc(slices.Values(grants), byRole) {
		role := g.Role
		if role == "" {
			role = "PUBLIC"
		}
		if g.Option {
			role += " with grant option"
		}
		if g.Privilege == last {
			parts[len(parts)-1] += ", " + role
			continue
		}
		last = g.Privilege
		parts = append(parts, g.Privilege+" to "+role)
	}
	return strings.Join(parts, "; ")
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }
