package coordinator

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ovirt/coco/gen"
)

// CleanupReport says what a cleanup did, or in a dry run would do. A tree is a root with everything below it.
type CleanupReport struct {
	// Before is the cutoff: only trees whose root finished before it were looked into.
	Before time.Time `json:"before"`
	// DryRun: nothing was removed.
	DryRun bool `json:"dry_run"`
	// Trees is how many trees there were; those that are in none of the numbers below have not finished, or not long enough ago.
	Trees int64 `json:"trees"`
	// RemovedTrees and RemovedCommands are how many trees went, and how many commands that was.
	RemovedTrees    int64 `json:"removed_trees"`
	RemovedCommands int64 `json:"removed_commands"`
	// Kept are trees whose root finished before the cutoff, by what keeps them; a reason that keeps none is left out.
	Kept []KeptTrees `json:"kept"`
	// Batches is how many transactions it took, Longest how long the longest of them was, and Duration all of it.
	Batches  int           `json:"batches"`
	Longest  time.Duration `json:"longest_ns"`
	Duration time.Duration `json:"duration_ns"`
}

// KeptReason says why a tree stays although its root finished before the cutoff.
type KeptReason string

// The outcomes of a batch that are no reasons.
const (
	outcomeRemoved = "removed"
	outcomeLine    = "line" // of the export
	outcomeNext    = "next" // where to go on
)

// The reasons, in the order in which they are looked at.
const (
	// KeptUnfinished: a command in it has not finished, or its row does not say so clearly: a final status and the time of it.
	KeptUnfinished KeptReason = "unfinished"
	// KeptTask: an async task names a command in it.
	KeptTask KeptReason = "task"
	// KeptLocked: somebody was working on a command in it just then, and was not waited for.
	KeptLocked KeptReason = "locked"
)

// KeptTrees are the trees that one reason keeps.
type KeptTrees struct {
	Reason   KeptReason `json:"reason"`
	Trees    int64      `json:"trees"`
	Commands int64      `json:"commands"`
	// First are the roots of the first few.
	First []uuid.UUID `json:"first"`
}

// keptNamed is how many trees are named for each reason.
const keptNamed = 5

// add counts what became of the trees of a batch.
func (r *CleanupReport) add(outcomes []gen.CleanupOutcome) {
	for _, o := range outcomes {
		var commands int64
		if o.Commands != nil {
			commands = *o.Commands
		}
		switch o.Outcome {
		case outcomeNext:
			r.Trees += commands // of this row it is the number of trees
		case outcomeRemoved:
			r.RemovedTrees++
			r.RemovedCommands += commands
		case outcomeLine:
		default:
			r.keep(KeptReason(o.Outcome), o.CommandID.UUID, commands)
		}
	}
}

// keep counts a tree that stays.
func (r *CleanupReport) keep(reason KeptReason, root uuid.UUID, commands int64) {
	order := []KeptReason{KeptUnfinished, KeptTask, KeptLocked}
	at, found := slices.BinarySearchFunc(r.Kept, reason, func(kept KeptTrees, reason KeptReason) int {
		return slices.Index(order, kept.Reason) - slices.Index(order, reason)
	})
	if !found {
		r.Kept = slices.Insert(r.Kept, at, KeptTrees{Reason: reason})
	}
	kept := &r.Kept[at]
	kept.Trees++
	kept.Commands += commands
	if len(kept.First) < keptNamed {
		kept.First = append(kept.First, root)
	}
}
