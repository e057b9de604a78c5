package check

import (
	"regexp"
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/routine"
)

// kindsOf returns what of a statement is tried, in this order, and why something of it is not looked at.
func (p *probe) kindsOf(s routine.Statement) (kinds []kind, reason string) {
	word := firstWord(s.SQL)
	_, temporary := temporaryTable(s)
	switch {
	case s.SQL == "":
		return []kind{assigned}, "which query its cursor has is known only when it runs"
	case temporary:
		return []kind{made}, ""
	case s.Use == routine.UseDynamic:
		return p.kindsOfDynamic(s)
	case !isQuery(word):
		return nil, strings.ToUpper(word) + " is looked at only when it runs"
	}
	switch reads := readsOnly(word, s.SQL); {
	case s.Use == routine.UseCursor && len(s.Into) > 0:
		return []kind{filled}, "" // its query was looked at where the cursor got it
	case !reads && len(s.Into) > 0:
		return []kind{planned, assigned}, ""
	case !reads:
		return []kind{planned}, ""
	case len(s.Into) > 0 && s.Use == routine.UseExpression:
		return []kind{looked, planned, assigned}, ""
	case len(s.Into) > 0:
		return []kind{filled, planned}, ""
	case s.Use == routine.UseQuery && p.shape.set && !p.shape.unknownResult:
		return []kind{returned, planned}, ""
	}
	return []kind{looked, planned}, ""
}

// kindsOfDynamic looks at the expression, and at the statement that it stands for where that is constant.
func (p *probe) kindsOfDynamic(s routine.Statement) ([]kind, string) {
	text, ok := constant(s.SQL)
	switch {
	case !ok:
		return []kind{looked, planned, assigned}, "EXECUTE: the statement is put together when it runs"
	case !isQuery(firstWord(text)):
		return []kind{assigned}, "EXECUTE: " + strings.ToUpper(firstWord(text)) + " is looked at only when it runs"
	}
	return []kind{planned, assigned}, ""
}

// textOf is what a probe does with a statement.
func (p *probe) textOf(k kind, s routine.Statement) string {
	// The text of a statement may end in a comment: what follows it needs a line of its own.
	none := "* FROM (" + s.SQL + "\n) AS coco_rows_ WHERE false;"
	switch k {
	case looked:
		return "PERFORM " + none
	case planned:
		if text, ok := constant(s.SQL); ok && s.Use == routine.UseDynamic && isQuery(firstWord(text)) {
			return "FOR coco_plan_ IN EXECUTE " + literal("EXPLAIN (COSTS OFF) "+text) + using(s.Arguments) + " LOOP END LOOP;"
		}
		return "FOR coco_plan_ IN EXPLAIN (COSTS OFF) " + s.SQL + "\nLOOP END LOOP;"
	case filled:
		into := " INTO " + strings.Join(s.Into, ", ") + " FROM "
		if len(s.Into) == 1 && isRecord(typeIn(s.Inside, s.Into[0])) {
			return "SELECT *" + into + strings.TrimPrefix(none, "* FROM ")
		}
		// Fields and variables are counted against one another only where there is a row.
		return "SELECT coco_rows_.*" + into + "(SELECT 1) AS coco_one_ LEFT JOIN (" + s.SQL + "\n) AS coco_rows_ ON false;"
	case returned:
		return "RETURN QUERY SELECT " + none
	case assigned:
		var text strings.Builder
		for _, target := range s.Into {
			text.WriteString(target + " := NULL; ")
		}
		return text.String() + "NULL;"
	case made:
		text, _ := temporaryTable(s)
		return withoutRows(text) + ";"
	case untouched:
	}
	return "NULL;"
}

// typeIn returns the type of a variable, empty for an argument and for a field.
func typeIn(variables []routine.Variable, name string) string {
	for _, v := range slices.Backward(variables) {
		if v.Name == name {
			return v.Type
		}
	}
	return ""
}

// using gives a dynamic statement values of the types of its arguments; none of them is computed.
func using(arguments []string) string {
	if len(arguments) == 0 {
		return ""
	}
	values := make([]string, len(arguments))
	for i, a := range arguments {
		values[i] = "(SELECT * FROM (SELECT " + strings.TrimPrefix(a, "SELECT ") + "\n) AS coco_rows_ LIMIT 0)"
	}
	return " USING " + strings.Join(values, ", ")
}

var (
	comments       = regexp.MustCompile(`^(\s+|--[^\n]*(\n|$)|/\*(?s:.*?)\*/|\()+`)
	wordPattern    = regexp.MustCompile(`^[A-Za-z]+`)
	makesTemporary = regexp.MustCompile(`(?i)^(\s|--[^\n]*\n)*create\s+((local|global)\s+)?temp(orary)?\s+table\s`)
	makesRows      = regexp.MustCompile(`(?is)^(\s|--[^\n]*\n)*create\s[^(]*?\stable\s+(if\s+not\s+exists\s+)?[^\s(]+(\s*\([^()]*\))?(\s+on\s+commit\s+\w+(\s+rows)?)?\s+as\s`)
	hasNoData      = regexp.MustCompile(`(?i)\swith\s+(no\s+)?data\s*$`)
	writes         = regexp.MustCompile(`(?i)\b(insert\s+into|update|delete\s+from|merge\s+into)\b`)
	literalPattern = regexp.MustCompile(`^(?i:\s*SELECT\s)?\s*'((?:[^'\\]|'')*)'\s*$`)
)

// firstWord returns the word that a statement begins with, in lower case; brackets and comments ahead of it do not count.
func firstWord(text string) string {
	return strings.ToLower(wordPattern.FindString(text[len(comments.FindString(text)):]))
}

// isQuery says whether EXPLAIN takes a statement that begins with the word.
func isQuery(word string) bool {
	switch word {
	case "select", "with", "values", "table", "insert", "update", "delete", "merge":
		return true
	}
	return false
}

// readsOnly says whether a query can stand in the place of a table. Where a WITH may write it is taken for one that does.
func readsOnly(word, text string) bool {
	switch word {
	case "select", "values", "table":
		return true
	case "with":
		return !writes.MatchString(text)
	}
	return false
}

// constant returns the text of a dynamic statement that is one literal.
func constant(expression string) (string, bool) {
	match := literalPattern.FindStringSubmatch(expression)
	if match == nil {
		return "", false
	}
	return strings.ReplaceAll(match[1], "''", "'"), true
}

func literal(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return " E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}

// temporaryTable returns the text that makes a temporary table, if the statement does; also if it is a constant that is run.
func temporaryTable(s routine.Statement) (string, bool) {
	text := s.SQL
	if s.Use == routine.UseDynamic {
		text, _ = constant(text)
	}
	return text, makesTemporary.MatchString(text)
}

// withoutRows makes a temporary table empty, and only for the transaction.
func withoutRows(text string) string {
	if makesRows.MatchString(text) && !hasNoData.MatchString(text) {
		return text + "\nWITH NO DATA"
	}
	return text
}
