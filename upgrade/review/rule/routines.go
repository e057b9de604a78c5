package rule

import "github.com/ovirt/coco/upgrade/review/finding"

// What the text of a procedure is looked through for.
const (
	CheckThenInsert   = "check-then-insert"
	DynamicUnquoted   = "dynamic-unquoted"
	NotInNullable     = "not-in-nullable"
	NullComparison    = "null-comparison"
	SearchPathMissing = "search-path-missing"
	StableMissing     = "stable-missing"
	UnboundedDelete   = "unbounded-delete"
	VariableUnused    = "variable-unused"
	WhenOthers        = "when-others"
	WriteWithoutWhere = "write-without-where"
)

func routineRules() []Rule {
	return []Rule{
		{CheckThenInsert, finding.Decide, "two callers at once both find nothing, and one of them fails"},
		{DynamicUnquoted, finding.Decide, "a value becomes part of a statement: a quote in it breaks the statement, or is run"},
		{NotInNullable, finding.Decide, "one null in the subquery, and NOT IN is true for no row at all"},
		{NullComparison, finding.Decide, "a comparison with null is never true, not even for null"},
		{SearchPathMissing, finding.Decide, "the caller's search path decides which objects are used with the owner's rights"},
		{StableMissing, finding.Note, "the server calls a volatile function once a row where one call would do"},
		{UnboundedDelete, finding.Note, "one statement may delete any number of rows, and holds its locks as long as that takes"},
		{VariableUnused, finding.Note, "what nobody uses is what somebody forgot"},
		{WhenOthers, finding.Decide, "errors that nobody thought of, such as a full disk, pass for success"},
		{WriteWithoutWhere, finding.Decide, "every row of the table is changed or deleted"},
	}
}
