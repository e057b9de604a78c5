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
	case slices.Contains([]string{"quote_ident", "quote_literal", "quote_nullable"}, w.at(0)) && w.close(1) == len(w)-1:
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
	for n, t := range w {
		if t.Kind != token.Word && t.Kind != token.Name || w.at(n-1) == "." {
			continue
		}
		if v := l.variable(i, t.Identifier()); v != nil && !plain.MatchString(strings.TrimPrefix(v.Type, "pg_catalog.")) && l.unsafe(v) {
			return v.Name
		}
	}
	return ""
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
