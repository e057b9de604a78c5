package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/token"
)

// checkThenInsert looks for an INSERT that happens only if a look at the same table has found nothing, with no lock in between.
func (l *look) checkThenInsert(i int) {
	w := l.statements[i]
	if w.has("on", "conflict") || l.locks() {
		return
	}
	for _, t := range l.body.Statements[i].Refers.Tables {
		if !t.Insert || w.has("not", "exists") {
			continue
		}
		for _, directly := range []bool{true, false} {
			for _, ahead := range slices.Backward(l.body.Statements[i].Guards) { // the nearest test first
				if test := i - ahead; directly && l.reads(test, t.Name) || !directly && l.looksAt(test, t.Name) {
					l.find(CheckThenInsert, l.body.Statements[i].Line,
						"looks whether "+t.Name.Name+" has a row, and then inserts it: two callers at once both do",
						fmt.Sprintf("line %d: %s", l.body.Statements[test].Line, l.statements[test].short()),
						fmt.Sprintf("line %d: %s", l.body.Statements[i].Line, w.short()))
					return
				}
			}
		}
	}
}

// reads says whether a statement reads or updates rows of a table.
func (l *look) reads(i int, table routine.Name) bool {
	return i >= 0 && i < len(l.statements) && slices.ContainsFunc(l.body.Statements[i].Refers.Tables, func(t routine.TableUse) bool {
		return t.Name == table && (t.Read || t.Update)
	})
}

// locks says whether the routine keeps others out, or knows what to do if it does not.
func (l *look) locks() bool {
	if slices.ContainsFunc(l.body.Handlers, func(h routine.Handler) bool {
		return slices.ContainsFunc(h.Conditions, func(c string) bool {
			return slices.Contains([]string{"unique_violation", "integrity_constraint_violation", "others", "23505"}, strings.ToLower(c))
		})
	}) {
		return true
	}
	return slices.ContainsFunc(l.statements, func(w words) bool {
		return w.follow(0, "lock") || w.has("for", "update") || slices.ContainsFunc(w, func(t token.Token) bool {
			return strings.HasPrefix(t.Text, "pg_advisory") || strings.HasPrefix(t.Text, "pg_try_advisory")
		})
	})
}

// looksAt says whether a test depends on the rows of a table that another statement has read: on a variable that one before it has filled
// from them, or on FOUND behind such a one.
func (l *look) looksAt(test int, table routine.Name) bool {
	if test < 0 || test >= len(l.statements) {
		return false
	}
	for i := test - 1; i >= 0; i-- {
		if !l.reads(i, table) {
			continue
		}
		if l.statements[test].one("found") {
			return true
		}
		for _, v := range l.body.Statements[i].Into {
			if l.statements[test].one(strings.ToLower(v)) {
				return true
			}
		}
	}
	return false
}

// notIn looks for NOT IN (SELECT column …) where the column may be null.
func (l *look) notIn(i int) {
	w := l.statements[i]
	for at := w.index(0, "not", "in", "(", "select"); at >= 0; at = w.index(at+1, "not", "in", "(", "select") {
		open := at + 2
		query := w[open+1 : w.close(open)]
		first := 1
		if query.at(1) == "distinct" {
			first = 2
		}
		alias, name, next := query.name(first)
		if query.at(next) != "from" || query.has(name, "is", "not", "null") {
			continue
		}
		if table, ok := l.nullable(query[next:], alias, name); ok {
			l.find(NotInNullable, l.body.Statements[i].Line,
				fmt.Sprintf("asks for NOT IN over %s.%s, which may be null", table, name), w[at:].short())
		}
	}
}

// nullable finds the table of a column in a FROM clause, and says whether the column may be null there.
func (l *look) nullable(from words, alias, name string) (string, bool) {
	for i := range from {
		if at := from.at(i); at != "from" && at != "join" && at != "," {
			continue
		}
		schema, table, next := from.name(i + 1)
		t := l.schema.table(schema, table)
		if t == nil {
			continue
		}
		if from.at(next) == "as" {
			next++
		}
		if alias != "" && alias != table && alias != from.at(next) {
			continue
		}
		if c := column(t, name); c != nil {
			return table, !c.NotNull && (t.Sort == "table" || t.Sort == "partitioned table")
		}
	}
	return "", false
}

// nullComparison looks for = NULL in a condition.
func (l *look) nullComparison(i int) {
	w := l.statements[i]
	condition := l.body.Statements[i].Test
	for n, t := range w {
		switch t.Text {
		case "where", "having", "on", "when":
			condition = true
		case "set", "values", "then", "select", "returning":
			condition = t.Text == "select" && n == 0 && condition
		case "=", "<>", "!=":
			if condition && w.at(n+1) == "null" {
				l.find(NullComparison, l.body.Statements[i].Line, "compares with NULL by "+t.Text+", which is never true",
					w[max(0, n-3):min(len(w), n+2)].short())
				return
			}
		}
	}
}

// writes looks for UPDATE and DELETE of whole tables, and for DELETE by nothing but a limit on one side.
func (l *look) writes(i int) {
	w := l.statements[i]
	if l.body.Statements[i].Use == routine.UseDynamic {
		return
	}
	verb, schema, table := written(w)
	if verb == "" || l.schema.tables != nil && l.schema.table(schema, table) == nil {
		return // a temporary one
	}
	line := l.body.Statements[i].Line
	where := w.index(0, "where")
	switch {
	case where < 0 && schema == l.routine.Schema && schema != "public": // a working table of its own
	case where < 0:
		l.find(WriteWithoutWhere, line, verb+"s every row of "+table, w.short())
	case verb == "delete" && !w[where:].one("=", "in", "any", "exists", "limit", "current") && w[where:].one("<", "<=", ">", ">="):
		l.find(UnboundedDelete, line, "deletes from "+table+" however many rows a limit leaves", w[where:].short())
	}
}

// written returns what a statement does with which table: UPDATE or DELETE, empty for anything else.
func written(w words) (verb, schema, table string) {
	var at int
	switch {
	case w.at(0) == "update":
		verb, at = "update", 1
	case w.follow(0, "delete", "from"):
		verb, at = "delete", 2
	default:
		return "", "", ""
	}
	if w.at(at) == "only" {
		at++
	}
	schema, table, _ = w.name(at)
	return verb, schema, table
}
