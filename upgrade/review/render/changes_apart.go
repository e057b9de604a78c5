package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
)

// ownSchema is where coco keeps what is its own: nobody else's work depends on it.
const ownSchema = "coco"

// apart parts what changes in schemas that others use from what the upgrade keeps for itself: in coco's schema, and in those that it
// makes. Reviewers would not find the former among the latter.
func apart(changes []change.Change) (shared, own []change.Change) {
	made := map[string]bool{ownSchema: true}
	for _, c := range changes {
		if c.Object.Kind == catalog.KindSchema && c.Sort == change.Added {
			made[c.Object.Name] = true
		}
	}
	for _, c := range changes {
		if made[c.Object.Schema] || c.Object.Kind == catalog.KindSchema && made[c.Object.Name] {
			own = append(own, c)
		} else {
			shared = append(shared, c)
		}
	}
	return shared, own
}

// ownText says what those are, in a line: 128 procedures, 21 tables in schema coco.
func ownText(own []change.Change) string {
	var parts, schemas []string
	for _, i := range inventories(own) {
		if i.Kind != catalog.KindSchema {
			parts = append(parts, human.Count(int64(i.Total))+" "+either(i.Total, singular(i.Kind), i.Name))
		}
	}
	for _, c := range own {
		if name := cmp.Or(c.Object.Schema, c.Object.Name); !slices.Contains(schemas, name) {
			schemas = append(schemas, name)
		}
	}
	return strings.Join(parts, ", ") + " in schema " + strings.Join(schemas, ", ")
}
