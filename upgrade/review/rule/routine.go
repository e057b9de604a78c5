package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/token"
)

// Routine looks through a procedure. Findings that a comment in its body lets pass are among the result, with the comment's reason. Without
// a body, because the language is none that is read, only what the catalog says is judged.
func Routine(r catalog.Routine, body *routine.Body, schema Schema) []finding.Finding {
	if body == nil {
		body = &routine.Body{Object: r.Object}
	}
	l := &look{routine: r, body: body, schema: schema}
	for _, s := range body.Statements {
		l.statements = append(l.statements, token.Split(s.SQL))
	}
	l.searchPath()
	l.whenOthers()
	l.unused()
	l.stable()
	for i := range body.Statements {
		l.checkThenInsert(i)
		l.notIn(i)
		l.nullComparison(i)
		l.writes(i)
		l.dynamic(i)
	}
	for i, f := range l.findings {
		for _, ignore := range body.Ignored {
			if reason := strings.TrimSpace(ignore.Reason); ignore.Rule == f.Rule && reason != "" {
				l.findings[i].Silenced = reason
			}
		}
	}
	return l.findings
}

// look is one call of Routine.
type look struct {
	routine    catalog.Routine
	body       *routine.Body
	schema     Schema
	statements []words
	findings   []finding.Finding
	// tainted are the variables that may hold a text of somebody else; nil until somebody asks.
	tainted map[string]bool
	depth   int
	// rows says that names stand for columns: of none is known what is in it.
	rows bool
}

// find adds a finding. Of one that is there already it is one more place.
func (l *look) find(id string, line int, summary string, evidence ...string) *finding.Finding {
	f := finding.Finding{Rule: id, Object: l.routine.Object, Line: line, Evidence: evidence}
	if r, ok := Find(id); ok {
		f.Severity = r.Severity
	}
	f.Summary = l.routine.String() + " " + summary
	for i := range l.findings {
		if known := &l.findings[i]; known.Key() == f.Key() {
			known.Evidence = append(known.Evidence, evidence...)
			return known
		}
	}
	l.findings = append(l.findings, f)
	return &l.findings[len(l.findings)-1]
}

func (l *look) searchPath() {
	r := l.routine
	if !r.SecurityDefiner || slices.ContainsFunc(r.Settings, func(s string) bool { return strings.HasPrefix(s, "search_path=") }) {
		return
	}
	f := l.find(SearchPathMissing, 0, "runs with the rights of "+r.Owner+" and with the search path of its caller",
		"SECURITY DEFINER without SET search_path")
	what := "FUNCTION"
	if r.Sort == "procedure" {
		what = "PROCEDURE"
	}
	f.Fix = fmt.Sprintf("ALTER %s %s.%s(%s) SET search_path = %s, pg_temp;", what, quoted(r.Schema), quoted(r.Name), r.Arguments, quoted(r.Schema))
}

// quoted is a name as SQL takes it.
func quoted(name string) string {
	t := token.Split(name)
	if len(t) == 1 && t[0].Kind == token.Word && t[0].Text == name && (name[0] < '0' || name[0] > '9') {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// whenOthers looks for handlers of all errors that do not raise one themselves.
func (l *look) whenOthers() {
	if l.routine.Language != "plpgsql" {
		return
	}
	var at []int
	w := words(token.Split(l.routine.Body))
	for i := range w {
		if w.at(i) != "others" || (w.at(i-1) != "when" && w.at(i-1) != "or") {
			continue
		}
		if !raises(w[i+1:]) {
			at = append(at, line(l.routine.Body, w[i].Start))
		}
	}
	if len(at) == 0 {
		return
	}
	summary := "goes on after any error whatever"
	if len(at) > 1 {
		summary += fmt.Sprintf(", in %d places", len(at))
	}
	f := l.find(WhenOthers, at[0], summary)
	for _, n := range at {
		f.Evidence = append(f.Evidence, fmt.Sprintf("line %d: WHEN OTHERS without a RAISE of its own", n))
	}
}

// raises says whether a handler, up to the END of its block, raises an error.
func raises(handler words) bool {
	for i := range handler {
		switch {
		case handler.follow(i, "end", ";"):
			return false
		case handler.at(i) == "raise" && !slices.Contains([]string{"notice", "warning", "info", "log", "debug"}, handler.at(i+1)):
			return true
		}
	}
	return false
}

func (l *look) unused() {
	for _, v := range l.body.Variables {
		switch {
		case v.Argument || v.Implicit || v.Read > 0 || v.Set > 0 && l.forEffect(v.Name):
		case v.Set > 0:
			l.find(VariableUnused, v.Line, "sets variable "+v.Name+" and never reads it")
		default:
			l.find(VariableUnused, v.Line, "declares variable "+v.Name+" and never uses it")
		}
	}
}

// forEffect says whether a variable takes a row for the sake of something else: SELECT … INTO it locks the row, or sets FOUND.
func (l *look) forEffect(variable string) bool {
	found := slices.ContainsFunc(l.statements, func(w words) bool { return w.one("found") })
	for i, s := range l.body.Statements {
		w := l.statements[i]
		if s.Use == routine.UseInto && slices.Contains(s.Into, variable) && (found || w.has("for", "update") || w.has("for", "share")) {
			return true
		}
	}
	return false
}

// changing are functions of the server that a stable function must not call.
var changing = []string{
	"random", "setseed", "clock_timestamp", "timeofday", "nextval", "setval", "currval", "lastval", "set_config", "pg_sleep", "pg_notify",
	"gen_random_uuid", "uuid_generate_v1", "uuid_generate_v4", "txid_current", "pg_current_xact_id", "lo_create", "lo_import", "lo_unlink",
}

// stable looks for functions that only read and return one value: called in a query's conditions, one call may stand for all. What
// returns rows is called once anyway.
func (l *look) stable() {
	r := l.routine
	if r.Sort != "function" || r.Volatility != "volatile" || r.Trigger || r.Result == "void" || r.Result == "" || len(l.statements) == 0 ||
		strings.HasPrefix(r.Result, "SETOF ") || strings.HasPrefix(r.Result, "TABLE(") {
		return
	}
	tables := false
	for i, w := range l.statements {
		if !slices.Contains([]string{"select", "with", "values"}, w.at(0)) || w.one("insert", "update", "delete", "merge", "lock") ||
			l.body.Statements[i].Use == routine.UseDynamic || w.has("for", "share") {
			return
		}
		for _, t := range l.body.Statements[i].Refers.Tables {
			tables = tables || t.Read
			if t.Insert || t.Update || t.Delete {
				return
			}
		}
		for _, called := range l.body.Statements[i].Refers.Routines {
			if l.changes(called.Name) {
				return
			}
		}
	}
	if !tables || strings.Contains(strings.ToLower(r.Body), "raise") {
		return
	}
	f := l.find(StableMissing, 0, "only reads and is declared VOLATILE")
	f.Fix = fmt.Sprintf("ALTER FUNCTION %s.%s(%s) STABLE;", quoted(r.Schema), quoted(r.Name), r.Arguments)
}

func (l *look) changes(name string) bool {
	known := l.schema.routines[name]
	return slices.Contains(changing, name) || strings.HasPrefix(name, "pg_advisory") || strings.HasPrefix(name, "pg_try_advisory") ||
		strings.HasPrefix(name, "dblink") || slices.ContainsFunc(known, func(r *catalog.Routine) bool { return r.Volatility == "volatile" })
}
