package rule

import (
	"regexp"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/token"
)

// plain are types whose values have no quote in them, however they are written.
var plain = regexp.MustCompile(`(?i)^(small|big)?int(eger|2|4|8)?$|^(numeric|decimal)\b|^real$|^double precision$|^bool(ean)?$|^uuid$|^oid$|^reg[a-z]+$|^name$|^date$|^timestamp|^interval$`)

// deepest is how far expressions are followed into their parentheses. Nobody writes deeper ones by hand.
const deepest = 100

// dynamic looks for values that become part of a statement as they are.
func (l *look) dynamic(i int) {
	s := l.body.Statements[i]
	if s.Use != routine.UseDynamic {
		return
	}
	if loose := l.loose(i, l.statements[i]); loose != "" {
		l.find(DynamicUnquoted, s.Line, "puts "+loose+" into a statement without quoting it", "EXECUTE "+l.statements[i][min(1, len(l.statements[i])):].short())
	}
}

// loose returns what of an expression, in a statement of the routine, is not quoted; empty if nothing is.
func (l *look) loose(i int, w words) string {
	if l.depth > deepest {
		return ""
	}
	l.depth++
	defer func() { l.depth-- }()
	if w.at(0) == "select" {
		w = w[1:]
	}
	for _, part := range w.pieces("||") {
		if name := l.part(i, part); name != "" {
			return name
		}
	}
	return ""
}

func (l *look) part(i int, w words) string {
	if w.at(0) == "(" && w.close(0) == len(w)-1 {
		return l.loose(i, w[1:len(w)-1])
	}
	switch {
	case len(w) == 0 || len(w) == 1 && w[0].Kind == token.String:
		return ""
	case w.at(0) == "pg_catalog" && w.at(1) == ".":
		return l.part(i, w[2:])
	case quotes(w.at(0)) && w.close(1) == len(w)-1:
		return ""
	case w.at(0) == "case" && w.at(len(w)-1) == "end":
		for _, result := range w.results() {
			if name := l.loose(i, result); name != "" {
				return name
			}
		}
		return ""
	case w.at(0) == "format" && w.at(1) == "(":
		return l.format(i, w)
	case w.at(len(w)-2) == "::" && plain.MatchString(w.at(len(w)-1)):
		return ""
	case slices.Contains([]string{"coalesce", "concat", "lower", "upper", "trim", "replace"}, w.at(0)) && w.at(1) == "(":
		for _, argument := range w[2:w.close(1)].pieces(",") {
			if name := l.loose(i, argument); name != "" {
				return name
			}
		}
		return ""
	case len(w) == 1 && w.at(0) >= "0" && w.at(0) <= "9~":
		return ""
	}
	if l.rows {
		return w.short()
	}
	for n, t := range w {
		if t.Kind != token.Word && t.Kind != token.Name || w.at(n-1) == "." {
			continue
		}
		if w.at(n+1) == "." && l.quotedField(t.Identifier(), w.at(n+2)) {
			continue
		}
		if v := l.variable(i, t.Identifier()); v != nil && !plain.MatchString(strings.TrimPrefix(v.Type, "pg_catalog.")) && l.unsafe(v) {
			return v.Name
		}
	}
	return ""
}

// quotes says whether what a function returns is quoted, or is SQL that the server has written.
func quotes(function string) bool {
	switch function {
	case "quote_ident", "quote_literal", "quote_nullable", "format_type":
		return true
	}
	return strings.HasPrefix(function, "pg_get_") && !strings.HasPrefix(function, "pg_get_userbyid")
}

// results are what a CASE … END comes to.
func (w words) results() []words {
	var found []words
	start, depth := -1, 0
	for n := range w {
		switch w.at(n) {
		case "case", "(":
			depth++
		case "then", "else", "when", "end":
			if depth == 1 && start >= 0 {
				found = append(found, w[start:n])
				start = -1
			}
			if depth == 1 && (w.at(n) == "then" || w.at(n) == "else") {
				start = n + 1
			}
			if w.at(n) == "end" {
				depth--
			}
		case ")":
			depth--
		}
	}
	return found
}

// quotedField says whether all queries that fill a row quote the column that is asked for.
func (l *look) quotedField(row, field string) bool {
	if l.rows {
		return false
	}
	l.rows = true
	defer func() { l.rows = false }()
	filled := false
	for i, s := range l.body.Statements {
		if !slices.ContainsFunc(s.Into, func(name string) bool { return strings.EqualFold(name, row) }) {
			continue
		}
		if !l.statements[i].one("*", field) {
			continue // rows of this one have no such field
		}
		columns := l.statements[i].columns(field)
		if len(columns) == 0 || slices.ContainsFunc(columns, func(w words) bool { return l.loose(i, w) != "" }) {
			return false
		}
		filled = true
	}
	return filled
}

// columns are what a query selects under a name: one for each part of a UNION.
func (w words) columns(name string) []words {
	var found []words
	place, depth := -1, 0
	for n := range w {
		switch w.at(n) {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth > 0 || w.at(n) != "select" {
			continue
		}
		list := w[n+1:].pieces(",")
		if place < 0 {
			place = slices.IndexFunc(list, func(item words) bool {
				as := item.index(0, "as", name)
				return as >= 0 && (as+2 == len(item) || item.at(as+2) == "from")
			})
		}
		if place < 0 || place >= len(list) {
			return nil
		}
		item := list[place]
		if from := item.outside("from"); from >= 0 {
			item = item[:from]
		}
		if item.at(len(item)-2) == "as" {
			item = item[:len(item)-2]
		}
		found = append(found, item)
	}
	return found
}

// outside is where a word stands outside of parentheses; -1 if nowhere.
func (w words) outside(text string) int {
	depth := 0
	for n := range w {
		switch w.at(n) {
		case "(":
			depth++
		case ")":
			depth--
		case text:
			if depth == 0 {
				return n
			}
		}
	}
	return -1
}

// format judges the arguments that a format takes with %s.
func (l *look) format(i int, w words) string {
	arguments := w[2:w.close(1)].pieces(",")
	if len(arguments) == 0 || len(arguments[0]) != 1 || arguments[0][0].Kind != token.String {
		return l.loose(i, slices.Concat(arguments...))
	}
	next := 1
	for _, verb := range regexp.MustCompile(`%(?:(\d+)\$)?-?\d*([sIL%])`).FindAllStringSubmatch(arguments[0][0].Value(), -1) {
		if verb[2] == "%" {
			continue
		}
		argument := next
		if len(verb[1]) == 1 {
			argument = int(verb[1][0] - '0')
		}
		next = argument + 1
		if verb[2] == "s" && argument < len(arguments) {
			if name := l.loose(i, arguments[argument]); name != "" {
				return name
			}
		}
	}
	return ""
}

// variable returns a variable that a statement sees, nil if it is none.
func (l *look) variable(i int, name string) *routine.Variable {
	visible := l.body.Statements[i].Inside
	if len(visible) == 0 {
		visible = l.body.Variables
	}
	for n := range slices.Backward(visible) { // the innermost first
		if strings.EqualFold(visible[n].Name, name) {
			return &visible[n]
		}
	}
	return nil
}

// unsafe says whether a variable may hold a text of somebody else: an argument does, and one that is filled from rows, or from such
// a variable. What a routine puts together itself from quoted parts does not.
func (l *look) unsafe(v *routine.Variable) bool {
	if l.tainted == nil {
		l.taint()
	}
	return v.Argument || v.Implicit || l.tainted[strings.ToLower(v.Name)]
}

// taint finds the variables that are unsafe, until no more come of those that were found.
func (l *look) taint() {
	l.tainted = map[string]bool{}
	for found := -1; found < len(l.tainted); {
		found = len(l.tainted)
		for i, s := range l.body.Statements {
			for _, name := range s.Into {
				name = strings.ToLower(name)
				if !l.tainted[name] && (s.Use != routine.UseExpression || l.loose(i, l.statements[i]) != "") {
					l.tainted[name] = true
				}
			}
		}
	}
}
