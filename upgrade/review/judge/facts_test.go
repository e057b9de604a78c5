package judge_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/ovirt/coco/upgrade/review/catalog"
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
