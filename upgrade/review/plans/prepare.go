package plans

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/token"
)

// statement is one that the server can prepare by itself.
type statement struct {
	text  string   // PREPARE …
	names []string // of the variables that became its parameters
}

// usesTable says whether a statement reads or writes a table, and is there to be read.
func usesTable(s routine.Statement) bool {
	tokens := token.Split(s.SQL)
	if len(tokens) == 0 || s.Use == routine.UseCursor && len(s.Into) > 0 {
		return false // what a cursor gives was asked for where it was opened
	}
	switch tokens[0].Text {
	case "insert", "update", "delete", "merge":
		return true
	case "select", "with":
		return s.Use == routine.UseDynamic || slices.ContainsFunc(tokens, func(t token.Token) bool { return t.Kind == token.Word && t.Text == "from" })
	}
	return false
}

// prepare puts parameters in the place of variables. It is not ok where that takes more than their names.
func prepare(s routine.Statement) (statement, bool) {
	if s.Use == routine.UseDynamic {
		return statement{}, false
	}
	variables := map[string]routine.Variable{}
	for _, v := range s.Inside {
		variables[v.Name] = v // the innermost comes last
	}
	var (
		result statement
		types  []string
		text   strings.Builder
		at     int
	)
	tokens := token.Split(s.SQL)
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if strings.HasPrefix(t.Text, "$") && t.Kind != token.String {
			return statement{}, false // an argument by its number
		}
		variable, ok := variables[t.Identifier()]
		if !ok || t.Identifier() == "" || !stands(tokens, i) {
			continue
		}
		name, last, typ := variable.Name, i, typeOf(variable)
		if i+2 < len(tokens) && tokens[i+1].Text == "." {
			if typ != open {
				continue // the name of a table
			}
			name, last = name+"."+tokens[i+2].Identifier(), i+2
		}
		n := slices.Index(result.names, name)
		if n < 0 {
			n = len(result.names)
			result.names, types = append(result.names, name), append(types, typ)
		}
		text.WriteString(s.SQL[at:t.Start])
		fmt.Fprintf(&text, "$%d", n+1)
		i, at = last, tokens[last].End
	}
	text.WriteString(s.SQL[at:])
	result.text = "PREPARE coco_plan_ AS " + text.String()
	if len(types) > 0 {
		result.text = "PREPARE coco_plan_ (" + strings.Join(types, ", ") + ") AS " + text.String()
	}
	return result, true
}

// stands says whether a name can be that of a variable where it stands: it is not part of another name, not called, and nothing is given
// that name.
func stands(tokens []token.Token, i int) bool {
	before, after := token.Token{}, token.Token{}
	if i > 0 {
		before = tokens[i-1]
	}
	if i+1 < len(tokens) {
		after = tokens[i+1]
	}
	switch {
	case before.Text == "." || before.Text == "as" || before.Text == "into" || after.Text == "(":
		return false
	case (before.Text == "set" || before.Text == ",") && after.Text == "=" && tokens[0].Text != "select":
		return false // a column that is set
	}
	return !inColumns(tokens, i)
}

// inColumns says whether a name is one of the columns of an INSERT.
func inColumns(tokens []token.Token, i int) bool {
	start := slices.IndexFunc(tokens, func(t token.Token) bool { return t.Kind == token.Word && t.Text == "into" })
	if start < 0 || start > i {
		return false
	}
	for j := start + 1; j < len(tokens); j++ {
		switch tokens[j].Text {
		case "(":
			end := slices.IndexFunc(tokens[j:], func(t token.Token) bool { return t.Text == ")" })
			return j < i && (end < 0 || i < j+end)
		case "values", "select", "with", "default":
			return false
		}
	}
	return false
}

// open is the type of a parameter that the server finds out for itself.
const open = "unknown"

var ofSomething = regexp.MustCompile(`(?i)(%\s*(row)?type|^\s*record)\s*$`)

func typeOf(v routine.Variable) string {
	if v.Implicit && (v.Name == "new" || v.Name == "old") || ofSomething.MatchString(v.Type) {
		return open
	}
	return v.Type
}

var parameter = regexp.MustCompile(`\$[0-9]+`)

// named is a plan with the names of the variables in the place of the parameters.
func (s statement) named(lines []string) string {
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.TrimSpace(line) == "Disabled: true" // PostgreSQL 18 says of a scan that it was to be avoided
	})
	text := strings.Join(lines, "\n")
	if strings.Contains(text, "(returns $") {
		return text // before PostgreSQL 17, what a part of a plan returns is written like a parameter
	}
	return parameter.ReplaceAllStringFunc(text, func(text string) string {
		n, err := strconv.Atoi(text[1:])
		if err != nil || n < 1 || n > len(s.names) {
			return text
		}
		return s.names[n-1]
	})
}
