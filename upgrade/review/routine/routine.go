// Package routine reads the bodies of procedures: which statements stand in them, which variables those read and set, and which tables,
// columns and other procedures they name. It needs no database.
package routine

import "github.com/ovirt/coco/upgrade/review/catalog"

// Body is what was read of a routine.
type Body struct {
	Object catalog.Object
	// Label is that of the outermost block, Labels are those of inner blocks and loops.
	Label  string
	Labels []string
	// Variables are arguments and declared variables, in their order.
	Variables []Variable
	// Statements are all embedded SQL statements and expressions, in the order of the source.
	Statements []Statement
	// Handlers are the conditions of its EXCEPTION clauses, with their lines.
	Handlers []Handler
	// Ignored are the rules that comments in the body silence.
	Ignored []Ignore
}

// Variable is an argument or a declared variable.
type Variable struct {
	Name string
	// Type is as written, or as the catalog says for an argument: uuid, async_tasks.task_id%TYPE, record.
	Type string
	// Argument says that it is one; Implicit, that the language declares it: FOUND, NEW, TG_OP, the number that a loop counts by.
	Argument, Implicit bool
	Line               int
	// Read and Set count the statements that do so. Only Parse counts.
	Read, Set int

	at int // among the body's
}

// Use is what a statement is in its routine.
type Use string

// What statements are used for.
const (
	UseStatement  Use = "statement"  // runs by itself: INSERT, UPDATE, …
	UseInto       Use = "into"       // its row goes into variables
	UseQuery      Use = "query"      // its rows are returned, or looped over
	UsePerform    Use = "perform"    // its rows are thrown away
	UseExpression Use = "expression" // its value is assigned, returned or tested
	UseDynamic    Use = "dynamic"    // its value is a statement, which is run: EXECUTE
	UseCursor     Use = "cursor"
)

// Statement is an SQL statement or expression in a body.
type Statement struct {
	Use Use
	// SQL is what the server prepares: of an expression, SELECT and the expression.
	SQL  string
	Line int // in the body, from 1
	// Into are the variables that it sets. Inside are those that are visible to it, the innermost last; they count nothing.
	Into   []string
	Inside []Variable
	// Arguments are the USING expressions of a dynamic one.
	Arguments []string
	// Test says that it decides a condition. Guards are the tests that decide whether it runs: how many statements ahead of it each stands,
	// 1 for the one before it.
	Test   bool
	Guards []int
	// Refers is what it names; of a dynamic one, only what its expression does, and its text where that is one literal.
	Refers Refers
	// Unclear says why that is not known; empty if it is.
	Unclear string
}

// Refers is what statements name, as far as their text says: which schema a name without one belongs to is up to the search path.
type Refers struct {
	Tables   []TableUse `json:"tables,omitempty"`
	Routines []Name     `json:"routines,omitempty"`
}

// Name is a name, with or without a schema.
type Name struct {
	Schema string `json:"schema,omitempty"`
	Name   string `json:"name"`
}

// TableUse is what a statement does with a table.
type TableUse struct {
	Name

	// Reads and Writes are the columns it names, sorted; a star stands for all. A column that is read without the name of its table, where
	// several are, is among neither's.
	Reads  []string `json:"reads,omitempty"`
	Writes []string `json:"writes,omitempty"`
	// Read, Insert, Update and Delete are what it does with rows. That one reads which rows it updates goes without saying.
	Read   bool `json:"read,omitempty"`
	Insert bool `json:"insert,omitempty"`
	Update bool `json:"update,omitempty"`
	Delete bool `json:"delete,omitempty"`
}

// Handler is an EXCEPTION clause.
type Handler struct {
	// Conditions are names in lower case, or SQLSTATEs.
	Conditions []string
	Line       int
}

// Ignore is a comment that silences a rule: -- coco:ignore RULE reason. Without a reason it silences nothing.
type Ignore struct {
	Rule, Reason string
	Line         int
}
