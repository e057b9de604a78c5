package upgrade

import "time"

// Event is something that an observer is told while it happens. Durations are in nanoseconds in JSON.
type Event interface {
	// EventName is the kind of the event in snake case, for output that machines read.
	EventName() string
}

// ActionRef names an action of a run's plan.
type ActionRef struct {
	// Number counts from 1 to Total.
	Number  int    `json:"number"`
	Total   int    `json:"total"`
	Kind    Kind   `json:"kind"`
	Phase   Phase  `json:"phase"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Summary string `json:"summary"`
}

// ActionStarted says that an action of the plan begins.
type ActionStarted struct {
	ActionRef
}

// ActionFinished says that an action of the plan is done.
type ActionFinished struct {
	ActionRef

	Duration time.Duration `json:"duration_ns"`
}

// StepStarted says that a step begins, the Nth migration of Total in this run.
type StepStarted struct {
	Step  Step `json:"step"`
	N     int  `json:"n"`
	Total int  `json:"total"`
}

// StepFinished says that a step is committed. The duration includes waiting for its locks, but no batches.
type StepFinished struct {
	Step     Step          `json:"step"`
	N        int           `json:"n"`
	Total    int           `json:"total"`
	Duration time.Duration `json:"duration_ns"`
}

// BatchDone says that a batch of the backfill is committed.
type BatchDone struct {
	// Work is what is done: choose, commands, index, survey, compare or archive.
	Work string `json:"work"`
	// Done and Total count rows of this work, over all connections; Total is an estimate and may be lower than Done. Bytes is how much
	// stored data was read for it.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	Bytes int64 `json:"bytes"`
	// Batch is how many rows this batch was to have, Took how long it ran until its commit.
	Batch int           `json:"batch"`
	Took  time.Duration `json:"took_ns"`
	// Rate is rows a second, ByteRate bytes a second, over the last ten seconds or so; ETA is the time that is left of this work at
	// this rate. Each is 0 while unknown.
	Rate     float64       `json:"rate"`
	ByteRate float64       `json:"byte_rate"`
	ETA      time.Duration `json:"eta_ns"`
	// Finished says that nothing is left to copy at all.
	Finished bool `json:"finished"`
}

// CaughtUp says that a batch of the change log is applied and how many rows of it remain.
type CaughtUp struct {
	Before    Step  `json:"before"`
	Remaining int64 `json:"remaining"`
	// Rate is by how many rows a second the log gets shorter, ETA the time until it is empty; 0 while unknown, or when it gets longer.
	Rate float64       `json:"rate"`
	ETA  time.Duration `json:"eta_ns"`
}

// ThrottleReason is why the copy rests.
type ThrottleReason string

// The reasons to rest.
const (
	// ThrottledByLag: a standby is further behind than it may be.
	ThrottledByLag ThrottleReason = "replication_lag"
	// ThrottledByWaits: clients wait for a lock on one of the tables.
	ThrottledByWaits ThrottleReason = "lock_waits"
)

// Throttled says that the backfill rests between two batches. It is sent when the rest begins and then about once a second.
type Throttled struct {
	Reason ThrottleReason `json:"reason"`
	// Waited is for how long it has rested, Budget for how long it will at most: then it goes on when clients wait, and ends with
	// ErrBusy when standbys are behind.
	Waited time.Duration `json:"waited_ns"`
	Budget time.Duration `json:"budget_ns"`
	// Lag is that of the standby that is furthest behind, MaxLag the limit; both are 0 for any other reason.
	Lag    time.Duration `json:"lag_ns,omitempty"`
	MaxLag time.Duration `json:"max_lag_ns,omitempty"`
	// Sessions are the standbys that are behind, or the clients that wait.
	Sessions []Session `json:"sessions"`
}

// ConnectionLost says that the connection broke, and why. Until the budget is used up it is tried to connect again; then the run looks
// where the database stands and goes on with a new list of actions. It is sent at once, with Attempt 0, and then about once a second.
type ConnectionLost struct {
	Reason  string        `json:"reason"`
	Attempt int           `json:"attempt"`
	Waited  time.Duration `json:"waited_ns"`
	Budget  time.Duration `json:"budget_ns"`
}

// WaitingForRun says that somebody else is upgrading this database; the run is tried again until the budget is used up.
type WaitingForRun struct {
	Attempt int           `json:"attempt"`
	Waited  time.Duration `json:"waited_ns"`
	Budget  time.Duration `json:"budget_ns"`
	Holders []Session     `json:"holders"`
}

// WaitingForLock says that a table lock was not to be had within the lock time-out: the transaction was rolled back and is tried
// again. Holders are sessions that may be why. It is sent for the first attempt and then about once a second.
type WaitingForLock struct {
	Step    Step          `json:"step"`
	Attempt int           `json:"attempt"`
	Waited  time.Duration `json:"waited_ns"`
	Budget  time.Duration `json:"budget_ns"`
	Holders []Session     `json:"holders"`
}

// Draining says that transactions from before a step are still open; the next one waits for them. It is sent when the wait begins
// and then about once a second.
type Draining struct {
	Step     Step          `json:"step"`
	Waited   time.Duration `json:"waited_ns"`
	Budget   time.Duration `json:"budget_ns"`
	Blockers []Session     `json:"blockers"`
}

// ProofWritten says that every row was compared and found equal.
type ProofWritten struct {
	Receipt Receipt `json:"receipt"`
}

// CommandsExported says how many commands, which the old schema cannot hold as they are, were written to the export.
type CommandsExported struct {
	Commands int64 `json:"commands"`
}

// DirtyResolved says that the mark of a broken run of the stock migrate program was replaced by the version that the database
// proves to be at.
type DirtyResolved struct {
	DirtyMark
}

// ProceduresMended says that coco's procedures were put back where something else was found.
type ProceduresMended struct {
	Procedures []ProcedureFinding `json:"procedures"`
}

// Warning is a warning that a migration raised.
type Warning struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// EventName returns "action_started".
func (ActionStarted) EventName() string { return "action_started" }

// EventName returns "action_finished".
func (ActionFinished) EventName() string { return "action_finished" }

// EventName returns "step_started".
func (StepStarted) EventName() string { return "step_started" }

// EventName returns "step_finished".
func (StepFinished) EventName() string { return "step_finished" }

// EventName returns "batch_done".
func (BatchDone) EventName() string { return "batch_done" }

// EventName returns "caught_up".
func (CaughtUp) EventName() string { return "caught_up" }

// EventName returns "connection_lost".
func (ConnectionLost) EventName() string { return "connection_lost" }

// EventName returns "throttled".
func (Throttled) EventName() string { return "throttled" }

// EventName returns "waiting_for_run".
func (WaitingForRun) EventName() string { return "waiting_for_run" }

// EventName returns "waiting_for_lock".
func (WaitingForLock) EventName() string { return "waiting_for_lock" }

// EventName returns "draining".
func (Draining) EventName() string { return "draining" }

// EventName returns "proof_written".
func (ProofWritten) EventName() string { return "proof_written" }

// EventName returns "commands_exported".
func (CommandsExported) EventName() string { return "commands_exported" }

// EventName returns "dirty_resolved".
func (DirtyResolved) EventName() string { return "dirty_resolved" }

// EventName returns "procedures_mended".
func (ProceduresMended) EventName() string { return "procedures_mended" }

// EventName returns "warning".
func (Warning) EventName() string { return "warning" }
