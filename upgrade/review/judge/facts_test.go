package judge_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/judge"
	"github.com/ovirt/coco/upgrade/review/routine"
)

func refers(t *testing.T, c *catalog.Catalog) []judge.Refers {
	t.Helper()
	inserts := regexp.MustCompile(`INSERT INTO (\w+) \(([^)]*)\)`)
	calls := regexp.MustCompile(`PERFORM (\w+)\(`)
	var all []judge.Refers
	for _, r := range c.Routines {
		refers := judge.Refers{Object: r.Object}
		for _, match := range inserts.FindAllStringSubmatch(r.Body, -1) {
			refers.Names.Tables = append(refers.Names.Tables, routine.TableUse{
				Name: routine.Name{Name: match[1]}, Insert: true, Writes: strings.Fields(strings.ReplaceAll(match[2], ",", " ")),
			})
		}
		for _, match := range calls.FindAllStringSubmatch(r.Body, -1) {
			refers.Names.Routines = append(refers.Names.Routines, routine.Name{Name: match[1]})
		}
		all = append(all, refers)
	}
	return all
}

// changes are those that judge asks for.
func changes(before, after *catalog.Catalog) []change.Change {
	if after == nil {
		return nil
	}
	type name struct{ schema, name string }
	gone, come, was := map[name][]catalog.Object{}, map[name][]catalog.Object{}, map[catalog.Object]string{}
	for _, r := range before.Routines {
		was[r.Object] = r.Definition
		gone[name{r.Schema, r.Name}] = append(gone[name{r.Schema, r.Name}], r.Object)
	}
	var all []change.Change
	for _, r := range after.Routines {
		n := name{r.Schema, r.Name}
		if definition, ok := was[r.Object]; !ok {
			come[n] = append(come[n], r.Object)
		} else {
			for i, o := range gone[n] {
				if o == r.Object {
					gone[n] = append(gone[n][:i:i], gone[n][i+1:]...)
				}
			}
			if definition != r.Definition {
				all = append(all, change.Change{Sort: change.Changed, Object: r.Object})
			}
		}
	}
	for n, old := range gone {
		if len(old) == 1 && len(come[n]) == 1 {
			all = append(all, change.Change{Sort: change.Signature, Object: come[n][0], Was: &old[0]})
			continue
		}
		for _, o := range old {
			all = append(all, change.Change{Sort: change.Removed, Object: o})
		}
	}
	return all
}
