// Package check finds out which procedures cannot work with the tables as they are, without calling one: each statement in them is
// prepared, its variables typed. It runs on a scratch copy, never on a database that somebody needs.
package check

import "github.com/ovirt/coco/upgrade/review/catalog"

// Result is what was found out about a database's procedures.
type Result struct {
	// Problems are what fails, in the order of the objects and lines.
	Problems []Problem
	// Checked is how many routines were looked at, with how many statements.
	Checked, Statements int
	// Skipped are what could not be looked at, each with its reason: it may be fine or not.
	Skipped []Skip
	// Second is the version of plpgsql_check that gave a second opinion, empty for none.
	Second string
}

// Problem is a statement that fails.
type Problem struct {
	Object catalog.Object
	Line   int // in the body
	// SQL is the statement, Message and Code what the server says of it.
	SQL, Message, Code string
	// Hint is the server's, if it has one.
	Hint string
	// By is who says so: coco, plpgsql_check, or both.
	By string
}

// Skip is what was not checked. Line is 0 for a whole routine.
type Skip struct {
	Object catalog.Object
	Line   int
	Reason string
}
