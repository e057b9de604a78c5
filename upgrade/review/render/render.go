// Package render shows what a review found: as text for a terminal, as JSON for a program, as Markdown for a merge request, and as one
// HTML page that needs nothing else. Each shows the report, and nothing but the report.
package render

import (
	"slices"

	"github.com/ovirt/coco/upgrade/review"
)

// Options say how a report is shown. The zero value is for a file.
type Options struct {
	// Width is how many letters a line of text has at most, 0 for no end. Names, messages and SQL are never cut for it, but wrapped.
	Width int
	// Color marks text with the colours of a terminal.
	Color bool
	// Limit is how many bytes Markdown has at most, as far as differences of procedures can be left out for it; 0 is DefaultLimit, and a
	// negative one leaves nothing out.
	Limit int
}

// DefaultLimit is what a comment on a merge request has room for.
const DefaultLimit = 60_000

// whole is the report with lists where there are none: to a reader, none and nothing are the same.
func whole(r review.Report) review.Report {
	list(&r.Findings)
	list(&r.Earlier)
	list(&r.Checks)
	list(&r.Changes)
	list(&r.Data.Tables)
	list(&r.Data.Why)
	list(&r.Data.InFlight)
	list(&r.Uses)
	list(&r.Plans)
	list(&r.Rules)
	list(&r.Notes)
	list(&r.Plan.Steps)
	r.Plan.Steps, r.Data.Tables = slices.Clone(r.Plan.Steps), slices.Clone(r.Data.Tables)
	for i := range r.Plan.Steps {
		list(&r.Plan.Steps[i].Declared)
		list(&r.Plan.Steps[i].Locks)
	}
	for i := range r.Data.Tables {
		list(&r.Data.Tables[i].Moves)
	}
	return r
}

func list[T any](l *[]T) {
	if *l == nil {
		*l = []T{}
	}
}
