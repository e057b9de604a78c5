package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// results judges what procedures return: also one that nobody touched returns other columns if the table changes whose rows it returns.
func (j *judge) results() {
	compared := 0
	for i := range j.After.Catalog.Routines {
		is := &j.After.Catalog.Routines[i]
		if was := j.was.routines[j.before[is.Object]]; was != nil && !was.Trigger {
			compared++
			j.returned(was, is)
		}
	}
	if n := j.found(rule.ResultChanged); n > 0 {
		j.check("results", true, fmt.Sprintf("%s of %d return other columns or types than before", counted(n, "procedure"), compared))
		return
	}
	j.check("results", false, counted(compared, "procedure")+" return the same columns as before")
}

func (j *judge) returned(was, is *catalog.Routine) {
	before, after := j.was.row(was), j.is.row(is)
	again := func(severity finding.Severity, text string, lines ...string) {
		lines = append(lines, j.calledBy(j.is, is.Object)...)
		j.find(rule.ResultChanged, severity, is.Object, j.name(is.Object)+" "+text, evidence(lines...))
	}
	if before == nil || after == nil {
		if was.Result != is.Result {
			again(finding.Decide, fmt.Sprintf("returns %s, it was %s", is.Result, was.Result))
		}
		return
	}
	missing, added := without(before, after), without(after, before)
	switch {
	case slices.Equal(before, after) && set(was.Result) == set(is.Result):
		if was.Result != is.Result {
			again(finding.Note, fmt.Sprintf("returns %s instead of %s: the same columns in the same order", is.Result, was.Result))
		}
	case set(was.Result) != set(is.Result):
		again(finding.Decide, fmt.Sprintf("returns %s, it was %s", is.Result, was.Result))
	case len(missing) > 0:
		again(finding.Decide, fmt.Sprintf("no longer returns %s", counted(len(missing), "column")+" it did: "+list(missing)),
			differing("now returned", added)...)
	case len(added) > 0:
		again(finding.Note, fmt.Sprintf("returns %s more: %s", counted(len(added), "column"), list(added)))
	default:
		again(finding.Decide, "returns its columns in another order", "before: "+list(before), "after: "+list(after))
	}
}

func differing(what string, columns []string) []string {
	if len(columns) == 0 {
		return nil
	}
	return []string{what + ": " + list(columns)}
}

// list writes columns in their own order, however many they are.
func list(columns []string) string { return strings.Join(columns, ", ") }

// without returns what of the one is not in the other.
func without(these, others []string) []string {
	var left []string
	for _, s := range these {
		if !slices.Contains(others, s) {
			left = append(left, s)
		}
	}
	return left
}

// set says whether a result is of any number of rows.
func set(result string) bool {
	return strings.HasPrefix(result, "SETOF ") || strings.HasPrefix(result, "TABLE(")
}

// row returns the columns of what a routine returns, each with its type; nil if that is no row of a table, view or type.
func (x index) row(r *catalog.Routine) []string {
	schema, name := "public", strings.TrimPrefix(r.Result, "SETOF ")
	if s, n, ok := strings.Cut(name, "."); ok {
		schema, name = s, n
	}
	schema, name = unquote(schema), unquote(name)
	for _, kind := range []catalog.Kind{catalog.KindTable, catalog.KindView} {
		if t := x.tables[catalog.Object{Kind: kind, Schema: schema, Name: name}]; t != nil {
			columns := make([]string, 0, len(t.Columns))
			for _, c := range t.Columns {
				columns = append(columns, c.Name+" "+c.Type)
			}
			return columns
		}
	}
	if t := x.types[catalog.Object{Kind: catalog.KindType, Schema: schema, Name: name}]; t != nil && t.Sort == "composite" {
		return []string{t.Definition}
	}
	return nil
}

func unquote(name string) string {
	if inner, ok := strings.CutPrefix(name, `"`); ok {
		return strings.ReplaceAll(strings.TrimSuffix(inner, `"`), `""`, `"`)
	}
	return name
}
