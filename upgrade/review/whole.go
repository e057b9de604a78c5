package review

import "slices"

// Whole is the report with empty lists where there are none: to a reader, none and nothing are the same.
func (r Report) Whole() Report {
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
