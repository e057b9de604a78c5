package judge_test

import (
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/judge"
	"github.com/ovirt/coco/upgrade/review/plans"
	"github.com/ovirt/coco/upgrade/review/rule"
)

func TestAStatementThatNoLongerGoesByAnIndexIsANote(t *testing.T) {
	object := catalog.Object{Kind: catalog.KindRoutine, Schema: "public", Name: "tasks_of", Arguments: "text"}
	scan := func(table string, sequential bool, rows int64) plans.Scan {
		return plans.Scan{Schema: "public", Table: table, Sequential: sequential, Rows: rows}
	}
	of := func(scans ...plans.Scan) *plans.Result {
		return &plans.Result{Plans: []plans.Plan{{Object: object, Line: 3, SQL: "SELECT 1\nFROM task", Scans: scans}}, Left: 2}
	}
	for name, test := range map[string]struct {
		before, after *plans.Result
		found         bool
	}{
		"by an index before":     {of(scan("task", false, 9)), of(scan("task", true, 9)), true},
		"another table now":      {of(scan("task", false, 9)), of(scan("task", false, 9), scan("step", true, 9)), true},
		"as a whole before":      {of(scan("task", true, 9)), of(scan("task", true, 9), scan("step", true, 9)), false},
		"one of two by an index": {of(scan("task", true, 9), scan("step", false, 9)), of(scan("step", true, 9)), true},
		"no rows":                {of(scan("task", false, 0)), of(scan("task", true, 0)), false},
		"no table before":        {of(), of(scan("task", true, 9)), false},
		"by an index now":        {of(scan("task", true, 9)), of(scan("task", false, 9)), false},
	} {
		t.Run(name, func(t *testing.T) {
			facts := judge.Facts{
				Before: judge.Side{Catalog: &catalog.Catalog{}, Plans: test.before}, After: judge.Side{Catalog: &catalog.Catalog{}, Plans: test.after},
				Changes: []change.Change{{Sort: change.Changed, Object: object}},
			}
			result, err := judge.Judge(facts)
			if err != nil {
				t.Fatal(err)
			}
			c := state(t, result, "plans")
			if strings.Contains(c.Summary, "not by an index any more, 1 statement") != test.found || c.State != judge.Passed || !strings.Contains(c.Summary, "1 changed procedure") || len(c.Detail) != 1 {
				t.Errorf("%+v", c)
			}
			if !test.found {
				return
			}
			if f := only(t, result.Findings, rule.PlanSequential); f.Severity != finding.Note || f.Object != object ||
				!strings.Contains(strings.Join(f.Evidence, ""), "9 generated rows, line 3: SELECT 1 FROM task") {
				t.Errorf("%+v", f)
			}
		})
	}
}
