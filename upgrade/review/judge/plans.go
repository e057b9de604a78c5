package judge

import (
	"fmt"
	"slices"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/plans"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// plans judges how the statements of changed procedures are planned: one that went by an index and now reads a table as a whole takes longer
// the more rows there are.
func (j *judge) plans() {
	if j.Before.Plans == nil || j.After.Plans == nil {
		j.skip("plans", "plans of changed procedures: not made")
		return
	}
	planned, slower := map[catalog.Object]bool{}, 0
	for _, c := range j.Changes {
		if c.Object.Kind != catalog.KindRoutine || c.Sort != change.Changed && c.Sort != change.Signature {
			continue
		}
		was := c.Object
		if c.Was != nil {
			was = *c.Was
		}
		before := j.Before.Plans.Scans(was)
		for _, p := range j.After.Plans.Plans {
			if p.Object != c.Object {
				continue
			}
			planned[p.Object] = true
			if s, ok := newlySequential(before, p.Scans); ok {
				slower++
				j.find(rule.PlanSequential, finding.Note, p.Object,
					fmt.Sprintf("%s reads all of %s.%s in a statement, and went by an index before", j.name(p.Object), s.Schema, s.Table),
					evidence(fmt.Sprintf("on %s generated rows, line %d: %s", human.Count(s.Rows), p.Line, oneLine(p.SQL))))
			}
		}
	}
	var left []string
	if n := j.After.Plans.Left; n > 0 {
		left = append(left, fmt.Sprintf("not planned by themselves: %s of procedures that the plan names", counted(n, "statement")))
	}
	summary := fmt.Sprintf("statements of %s planned on generated rows: ", counted(len(planned), "changed procedure"))
	if slower > 0 {
		j.check("plans", false, summary+"not by an index any more, "+counted(slower, "statement"), left...)
		return
	}
	j.check("plans", false, summary+"none reads a table as a whole where it went by an index before", left...)
}

// newlySequential returns a table with rows that is read as a whole now: it was found by an index before, or everything was.
func newlySequential(before, after []plans.Scan) (plans.Scan, bool) {
	sequential := func(s plans.Scan) bool { return s.Sequential }
	for _, s := range after {
		if !s.Sequential || s.Rows == 0 || len(before) == 0 {
			continue
		}
		same := slices.DeleteFunc(slices.Clone(before), func(b plans.Scan) bool { return b.Schema != s.Schema || b.Table != s.Table })
		if len(same) > 0 && !slices.ContainsFunc(same, sequential) || !slices.ContainsFunc(before, sequential) {
			return s, true
		}
	}
	return plans.Scan{}, false
}
