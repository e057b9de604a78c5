package judge

import (
	"time"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/check"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/plans"
	"github.com/ovirt/coco/upgrade/review/routine"
)

// Facts are what is judged. What is nil or empty was not to be had: its checks are skipped, and say so.
type Facts struct {
	// Before is the copy before the plan's first step, or the database itself where there is no copy. Required.
	Before Side
	// After is the copy behind the plan's last step; without a catalog there was no copy.
	After Side
	// NoCopy says why there was none, NoData why the rows were not counted.
	NoCopy, NoData string
	// PlanFails is why the plan could not be carried out on the copy, empty if it could. Then there is no side After either.
	PlanFails string
	// RowsMissing says that the plan may fail only because the copy has no rows.
	RowsMissing bool
	// Directory says that the plan is not coco's: files of somebody else's, in which package rule has found Files. What only coco's own has
	// is not asked for then.
	Directory bool
	Files     []finding.Finding
	// Changes are what package change says of the two.
	Changes []change.Change
	// Texts are all SQL that is run. What goes although none of them names it has gone with something else.
	Texts []string

	Rehearsal *rehearse.Result
	Plan      *upgrade.Plan
	Check     *upgrade.CheckResult
	Data      *Data
	// LongLock is how long a lock that keeps clients waiting may be held; 0 is DefaultLongLock.
	LongLock time.Duration
}

// DefaultLongLock is how long clients may be kept waiting without a word about it.
const DefaultLongLock = 500 * time.Millisecond

// Side is a database at one time.
type Side struct {
	Catalog *catalog.Catalog
	// Problems are what package check says of its procedures, Rules the findings of package rule. Nil: it was not asked.
	Problems *check.Result
	Rules    []finding.Finding
	// Plans are how statements of procedures that the plan names are planned; nil: nobody asked.
	Plans *plans.Result
	// Refers are what each procedure names.
	Refers []Refers
}

// Refers is what a procedure names.
type Refers struct {
	Object catalog.Object
	Names  routine.Refers
	// Ignored are the rules that comments in its body silence.
	Ignored []routine.Ignore
	// Unread says why its text, or a statement of it, was not understood: then it may name more. It is empty if all of it was.
	Unread string
}

// Result is the judgement.
type Result struct {
	// Findings are those of the upgrade, the gravest first; Earlier those that were there before it.
	Findings []finding.Finding
	Earlier  []finding.Finding
	Checks   []Check
}

// State is how a check came out.
type State string

// How a check comes out.
const (
	Passed  State = "passed"
	Failed  State = "failed"
	Skipped State = "skipped" // it was not made: never the same as passed
)

// Check is one thing that was looked at.
type Check struct {
	// ID is what the page's links use; Summary one line with its figures: 812 of 817 procedures equal the release.
	ID      string `json:"id"`
	State   State  `json:"state"`
	Summary string `json:"summary"`
	// Detail are lines for who wants to know more, such as what was skipped and why.
	Detail []string `json:"detail,omitempty"`
}

// Data is what happens to the rows, counted in the database.
type Data struct {
	Tables []TableData `json:"tables"`
	// Tasks and Commands are how many there are and will be, Archived those whose values their commands cannot give back exactly.
	Tasks    int64 `json:"tasks"`
	Commands int64 `json:"commands"`
	Archived int64 `json:"archived"`
	// Why says for each reason how many are archived.
	Why []Count `json:"why_archived"`
	// InFlight are the tasks by the name of their status.
	InFlight []Count `json:"in_flight"`
	// Bytes is the stored size of what moves, WAL and Space what it costs; all estimated.
	Bytes int64 `json:"bytes"`
	WAL   int64 `json:"wal_bytes"`
	Space int64 `json:"space_bytes"`
	// Estimate is how long it takes.
	Estimate time.Duration `json:"estimate_ns"`
}

// TableData is what happens to a table's rows.
type TableData struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
	// Moves are the columns that move, each with the longest value in bytes. What each row had is proven to be found again.
	Moves []Count `json:"moves"`
}

// Count is a number with a name.
type Count struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}
