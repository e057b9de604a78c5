package judge

import (
	"slices"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/release"
)

// ownSchema is coco's. Its procedures have branches for the tables of every phase, and those that the plan replaced wait there to be put
// back: that they fit no table now, come and go, is meant so.
const ownSchema = "coco"

// ownTables are coco's besides those of its schema.
var ownTables = []string{"command_entities", "schema_migrations"}

// withoutOwn is a catalog without what is coco's alone. Where coco never was, nothing is.
func withoutOwn(c *catalog.Catalog) *catalog.Catalog {
	if c == nil || !slices.ContainsFunc(c.Schemas, func(s catalog.Schema) bool { return s.Name == ownSchema }) {
		return c
	}
	theirs := *c
	theirs.Schemas = slices.DeleteFunc(slices.Clone(c.Schemas), func(s catalog.Schema) bool { return s.Name == ownSchema })
	theirs.Routines = slices.DeleteFunc(slices.Clone(c.Routines), func(r catalog.Routine) bool { return r.Schema == ownSchema })
	theirs.Sequences = slices.DeleteFunc(slices.Clone(c.Sequences), func(s catalog.Sequence) bool { return s.Schema == ownSchema })
	theirs.Types = slices.DeleteFunc(slices.Clone(c.Types), func(t catalog.Type) bool { return t.Schema == ownSchema })
	theirs.Tables = slices.DeleteFunc(slices.Clone(c.Tables), func(t catalog.Table) bool {
		return t.Schema == ownSchema || t.Schema == "public" && slices.Contains(ownTables, t.Name)
	})
	return &theirs
}

// ownTrigger says whether a trigger is coco's: it calls one of its procedures.
func ownTrigger(g catalog.Trigger) bool {
	return strings.Contains(g.Definition, " "+ownSchema+".")
}

// ownRoutine says whether a procedure is one that coco has brought, and no release of the engine.
func (j *judge) ownRoutine(r catalog.Routine) bool {
	which := j.known.Of(r)
	return len(which) > 0 && !slices.ContainsFunc(which, func(of string) bool { return of != release.Coco })
}
