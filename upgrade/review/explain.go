package review

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/plans"
)

// planned plans the statements of the procedures that the texts name: which of them change is known only at the end.
func planned(ctx context.Context, conn *pgx.Conn, c *catalog.Catalog, texts []string) (*plans.Result, error) {
	plan := strings.ToLower(strings.Join(texts, "\n"))
	named := slices.DeleteFunc(withoutOwn(c.Routines), func(r catalog.Routine) bool {
		return !strings.Contains(plan, strings.ToLower(r.Name))
	})
	result, err := plans.Of(ctx, conn, c.Database, named)
	return &result, err
}

// explains are the plans of changed routines, those before first. A statement that is as it was stands there once, and only if its plan is
// another one.
func explains(changes []change.Change, before, after *plans.Result) (list []Explain) {
	if before == nil || after == nil {
		return nil
	}
	for _, c := range changes {
		if c.Object.Kind != catalog.KindRoutine || c.Sort != change.Changed && c.Sort != change.Signature {
			continue
		}
		was := c.Object
		if c.Was != nil {
			was = *c.Was
		}
		old, fresh := before.Of(was), after.Of(c.Object)
		for _, p := range old {
			if !slices.ContainsFunc(fresh, p.SameStatement) {
				list = append(list, Explain{Object: p.Object, Line: p.Line, SQL: p.SQL, Before: p.Text, Rows: p.Rows()})
			}
		}
		for _, p := range fresh {
			e := Explain{Object: p.Object, Line: p.Line, SQL: p.SQL, After: p.Text, Rows: p.Rows()}
			if i := slices.IndexFunc(old, p.SameStatement); i >= 0 {
				e.Before, e.Rows = old[i].Text, max(e.Rows, old[i].Rows())
			}
			if e.Before != e.After {
				list = append(list, e)
			}
		}
	}
	return list
}
