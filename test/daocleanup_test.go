package test

import (
	"github.com/google/uuid"

	"github.com/ovirt/coco/gen"
)

// cleanup removes a finished tree in a run of its own, after it was told that it would.
func (d *daoCalls) cleanup() {
	d.t.Helper()
	ctx, status := d.t.Context(), "SUCCEEDED"
	run, root := uuid.NewSHA1(d.root, []byte("cleanup")), uuid.NewSHA1(d.root, []byte("old root"))
	d.done("insert a command", d.InsertCommandEntity(ctx, gen.InsertCommandEntityParams{CommandID: root, Status: &status}))
	before := must(d.DatabaseClock(ctx))
	due := before

	batch := gen.CleanBatchParams{Before: before, MaxRows: 10_000, Lines: true}
	would := must(d.CleanBatch(ctx, batch))
	begun := must(d.BeginCleanup(ctx, gen.BeginCleanupParams{RunID: run, Runner: "a test", LeaseMs: 60_000, Due: &due}))
	d.check("the run", null(run), begun.RunID)
	second := gen.BeginCleanupParams{RunID: d.root, Runner: "another test", LeaseMs: 60_000}
	d.check("the run that is at work", null(run), must(d.BeginCleanup(ctx, second)).RunID)

	batch.RunID = null(run)
	did := must(d.CleanBatch(ctx, batch))
	last := len(did) - 1
	d.check("whether it did what it said", would, append(did[:last-1:last-1], did[last]))
	d.check("the export of what was removed", null(root), did[last-1].CommandID)
	d.check("whether the end is reached", false, did[last].CommandID.Valid)
	d.check("whether the run lasted until its end", true, must(d.EndCleanup(ctx, gen.EndCleanupParams{RunID: run, Due: &due, Removed: 1})))
	d.refused("a batch after its run", "CO018", func(q *gen.Queries) error {
		_, err := q.CleanBatch(ctx, batch)
		return err
	})
}
