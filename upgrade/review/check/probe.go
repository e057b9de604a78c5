package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/routine"
)

// kind is what of a statement can be looked at.
type kind string

const (
	looked    kind = "look"      // the server looks at all of its names and types; it is known to have no rows, so it is not planned
	planned   kind = "plan"      // it is planned as it stands: where a look failed, or where it writes
	filled    kind = "fill"      // its rows go into variables, which learn their columns from it
	assigned  kind = "assign"    // its value goes into a field
	returned  kind = "return"    // its rows are the routine's
	made      kind = "make"      // a temporary table, which later statements name
	untouched kind = "untouched" // the server looks at it only when it runs
)

// shape is what of a routine its text alone does not say.
type shape struct {
	// set says that it returns rows, unknownResult that its callers choose their columns.
	set, unknownResult bool
	// table is that of the trigger that calls it, quoted; empty for none.
	table string
}

// probe is the text of a block that has the statements of a routine analysed, one after the other, and runs none of them. What the
// server has against them leaves as the text of an exception.
type probe struct {
	strings.Builder

	body  *routine.Body
	shape shape
	// everywhere are the variables that all statements see, by name.
	everywhere map[string]routine.Variable
	skipped    []Skip
	// pragma says what a name is that is ambiguous, returns that there is something to be held against the routine's result.
	pragma  string
	returns bool
}

func newProbe(r catalog.Routine, body *routine.Body, s shape) *probe {
	p := &probe{body: body, shape: s}
	p.findEverywhere()
	p.pragma = conflictPragma.FindString(r.Body)
	if body.Label != "" {
		p.linef("<<%s>>", quote(body.Label))
	}
	p.linef("DECLARE")
	p.linef("    coco_plan_ record; coco_said_ pg_catalog.jsonb := '[]'; coco_code_ text; coco_message_ text; coco_detail_ text;")
	p.linef("    coco_hint_ text; coco_context_ text;")
	p.declare(p.everywhere)
	p.linef("BEGIN")
	for i, s := range body.Statements {
		p.statement(i, s, body.Labels)
	}
	p.linef("    RAISE EXCEPTION SQLSTATE 'CO100' USING MESSAGE = coco_said_;")
	p.linef("END")
	return p
}

var conflictPragma = regexp.MustCompile(`(?m)^[ \t]*#[ \t]*variable_conflict[ \t]+(error|use_variable|use_column)`)

func (p *probe) linef(format string, args ...any) {
	fmt.Fprintf(p, format+"\n", args...)
}

// declared are the variables that a probe has to declare for a statement: arguments are its own too, and FOUND every procedure has.
// Of several with one name the innermost counts, which comes last.
func declared(s routine.Statement) map[string]routine.Variable {
	variables := map[string]routine.Variable{}
	for _, v := range s.Inside {
		if v.Argument || v.Implicit && strings.EqualFold(v.Name, "found") {
			delete(variables, v.Name)
			continue
		}
		variables[v.Name] = v
	}
	return variables
}

// findEverywhere finds what all statements see. A record is declared for all of them, because it gets its columns from one and is read by
// another. What only some see stays out of the others' way: there the name may be a column.
func (p *probe) findEverywhere() {
	seen, times := map[string]routine.Variable{}, map[string]int{}
	for _, s := range p.body.Statements {
		for name, v := range declared(s) {
			if other, ok := seen[name]; ok && !same(other, v) {
				times[name] = -len(p.body.Statements) // it is another one in another block
			}
			seen[name] = v
			times[name]++
		}
	}
	for name, v := range seen {
		if times[name] != len(p.body.Statements) && (times[name] < 0 || !isRecord(v.Type)) {
			delete(seen, name)
		}
	}
	p.everywhere = seen
}

func same(a, b routine.Variable) bool { return a.Line == b.Line && a.Type == b.Type }

func isRecord(name string) bool { return strings.EqualFold(strings.TrimSpace(name), "record") }

// declare declares variables, in the order of the source: the type of one may be that of another.
func (p *probe) declare(variables map[string]routine.Variable) {
	order := func(name string) int {
		return slices.IndexFunc(p.body.Variables, func(v routine.Variable) bool { return v.Name == name && same(v, variables[name]) })
	}
	names := make([]string, 0, len(variables))
	for name := range variables {
		names = append(names, name)
	}
	slices.Sort(names)
	slices.SortStableFunc(names, func(a, b string) int { return order(a) - order(b) })
	for _, name := range names {
		p.linef("    %s %s;", quote(name), p.typeOf(variables[name]))
	}
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// typeOf returns the type that a variable is declared with.
func (p *probe) typeOf(v routine.Variable) string {
	if v.Implicit && p.shape.table != "" && (v.Name == "new" || v.Name == "old") {
		return p.shape.table
	}
	return v.Type
}

// statement has one statement looked at, in a block with the variables that it sees.
func (p *probe) statement(number int, s routine.Statement, labels []string) {
	kinds, reason := p.kindsOf(s)
	if reason != "" {
		p.skipped = append(p.skipped, Skip{Object: p.body.Object, Line: s.Line, Reason: reason})
	}
	if len(kinds) == 0 {
		return
	}
	own := declared(s)
	for name, v := range p.everywhere {
		if other, ok := own[name]; ok && same(other, v) {
			delete(own, name)
		}
	}
	p.open(s, own, labels)
	for i, k := range kinds {
		p.returns = p.returns || k == returned
		// What a look has against it may be for the look's sake only: then it is planned as it stands.
		if k == planned && i > 0 {
			p.linef("    IF coco_code_ IS NOT NULL THEN")
			p.attempt(number, k, p.textOf(k, s))
			p.linef("    END IF;")
			continue
		}
		p.attempt(number, k, p.textOf(k, s))
	}
	p.close(s, own, labels)
}

// open opens the block of a statement, and one more for each label of an inner block that it names a variable by. A record stays that of
// all statements.
func (p *probe) open(s routine.Statement, own map[string]routine.Variable, labels []string) {
	for _, label := range labels {
		if !mentions(s.SQL, label) {
			continue
		}
		labelled := declared(s)
		for name, v := range labelled {
			if isRecord(v.Type) {
				delete(labelled, name)
			}
		}
		p.linef("<<%s>>", quote(label))
		p.linef("DECLARE")
		p.declare(labelled)
		p.linef("BEGIN")
	}
	if len(own) > 0 {
		p.linef("DECLARE")
		p.declare(own)
		p.linef("BEGIN")
	}
}

func (p *probe) close(s routine.Statement, own map[string]routine.Variable, labels []string) {
	for _, label := range labels {
		if mentions(s.SQL, label) {
			p.linef("END;")
		}
	}
	if len(own) > 0 {
		p.linef("END;")
	}
}

// mentions says whether something in the text is qualified with the label.
func mentions(text, label string) bool { return strings.Contains(strings.ToLower(text), label+".") }

// attempt writes one thing to try, and what is to be kept of its failure.
func (p *probe) attempt(number int, k kind, text string) {
	p.linef("    coco_code_ := NULL;")
	p.linef("    BEGIN")
	p.linef("        %s", text)
	p.linef("    EXCEPTION WHEN OTHERS THEN")
	p.linef("        GET STACKED DIAGNOSTICS coco_code_ = RETURNED_SQLSTATE, coco_message_ = MESSAGE_TEXT,")
	p.linef("            coco_detail_ = PG_EXCEPTION_DETAIL, coco_hint_ = PG_EXCEPTION_HINT, coco_context_ = PG_EXCEPTION_CONTEXT;")
	p.linef("        coco_said_ := coco_said_ || pg_catalog.jsonb_build_object('statement', %d, 'kind', '%s', 'code', coco_code_,", number, k)
	p.linef("            'message', coco_message_, 'detail', coco_detail_, 'hint', coco_hint_, 'context', coco_context_);")
	p.linef("    END;")
}
