// Package review answers for one database, before anything happens to it: what an upgrade will change, what will stop working, what is at
// stake, and whether one may say yes. The plan is run on a scratch copy of the schema; the database itself is only read.
package review

import (
	"time"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/change"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/judge"
	"github.com/ovirt/coco/upgrade/review/routine"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// Format is the version of a report's JSON. It grows by one when a field changes its meaning or goes.
const Format = 1

// Report is everything that a review found. All four formats show this, and nothing else. No value of a row is in it.
type Report struct {
	Format      int       `json:"format"`
	Taken       time.Time `json:"taken"`
	ToolVersion string    `json:"tool_version"`
	Database    Database  `json:"database"`
	Plan        Plan      `json:"plan"`
	// Approval is the hash that up --approved takes: over the plan, and the catalog of the database without coco's own objects. It is
	// empty where there is none; NoApproval then says why.
	Approval   string  `json:"approval"`
	NoApproval string  `json:"no_approval,omitempty"`
	Verdict    Verdict `json:"verdict"`
	// Findings are those of the upgrade, the gravest first; silenced ones come last. Earlier are those that were there before it.
	Findings []finding.Finding `json:"findings"`
	Earlier  []finding.Finding `json:"earlier_findings"`
	// Checks are what was looked at, whether or not something was found.
	Checks []Check `json:"checks"`
	// Changes are what is different afterwards, by object.
	Changes []change.Change `json:"changes"`
	Data    Data            `json:"data"`
	Uses    []Touch         `json:"uses"`
	Plans   []Explain       `json:"plans"`
	// Rules are those that findings name.
	Rules []rule.Rule `json:"rules"`
	// Notes say in what the review knows less than it could: what the copy lacks, what was not to be read.
	Notes []string      `json:"notes"`
	Took  time.Duration `json:"took_ns"`
}

// Database is the one that was looked at.
type Database struct {
	Name string `json:"name"`
	// Address is host and port, without user and password.
	Address string `json:"address"`
	Server  string `json:"server_version"`
	// Engine is the release that it belongs to, as far as it tells.
	Engine string `json:"engine,omitempty"`
	// Version is the migration that it is at, 0 for none.
	Version int64 `json:"version"`
	// Routines and Tables are how many it has.
	Routines int `json:"routines"`
	Tables   int `json:"tables"`
}

// Plan is what was run on the copy.
type Plan struct {
	From      int64             `json:"from"`
	To        int64             `json:"to"`
	Direction upgrade.Direction `json:"direction"`
	// Source says where the plan comes from: coco's own migrations, or a directory.
	Source string `json:"source"`
	// Hash is over the texts of all that is run.
	Hash string `json:"hash"`
	// Scratch is the version of the server of the copy, Tasks how many tasks were generated on it.
	Scratch string          `json:"scratch_version"`
	Tasks   int             `json:"generated_tasks"`
	Steps   []rehearse.Step `json:"steps"`
}

// Verdict counts the findings.
type Verdict struct {
	MustFix int `json:"must_fix"`
	Decide  int `json:"decide"`
	Notes   int `json:"notes"`
	// Gravest is the severity of the gravest one, empty for none.
	Gravest finding.Severity `json:"gravest"`
}

type (
	// State is how a check came out.
	State = judge.State
	// Check is one thing that was looked at.
	Check = judge.Check
	// Data is what happens to the rows, counted in the database.
	Data = judge.Data
	// TableData is what happens to a table's rows.
	TableData = judge.TableData
	// Count is a number with a name.
	Count = judge.Count
)

// How a check comes out.
const (
	Passed  = judge.Passed
	Failed  = judge.Failed
	Skipped = judge.Skipped
)

// Touch is what a routine does with the tables that the plan changes, and whom it calls.
type Touch struct {
	Object catalog.Object `json:"object"`
	// After says that this is how it is afterwards; the same routine stands there twice if it changes.
	After bool           `json:"after"`
	Uses  routine.Refers `json:"uses"`
	// Callers are the routines that call it.
	Callers []catalog.Object `json:"callers,omitempty"`
}

// Explain is how the server runs a statement of a changed routine, on generated rows, whatever the values of its variables are; a table is
// read as a whole only where there is no other way. Of a statement that is another one afterwards, Before and After stand apart.
type Explain struct {
	Object catalog.Object `json:"object"`
	Line   int            `json:"line"`
	SQL    string         `json:"sql"`
	// Before and After are plans as EXPLAIN prints them, without costs; empty where there is none.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Rows is how many rows the largest table had that was asked.
	Rows int64 `json:"rows"`
}
