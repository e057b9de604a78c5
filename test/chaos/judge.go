package chaos

import (
	"fmt"

	"github.com/google/uuid"
)

// Kinds of violations.
const (
	neverBegun     = "begun not exactly once"
	neverEnded     = "never ended"
	endedTwice     = "ended more than once"
	endedOtherwise = "ended otherwise than planned"
	stepLost       = "a step is lost"
	stepTwice      = "a step is recorded more than once"
	stepOrder      = "a step is recorded before an earlier one"
	afterEnd       = "work is recorded after the end"
	staleOwner     = "work was committed by an instance that did not own the command"
	twoDrivers     = "an instance worked on after another one had begun to"
	liveOwner      = "a command was taken from a live owner"
	ackLost        = "a commit that the server had acknowledged is gone"
	refusedKept    = "a refused attempt is recorded"
	unannounced    = "recorded work that no process has begun"
	keptOtherwise  = "the database holds the command otherwise than the ledger"
	strange        = "work that nobody has planned"
)

// violation is a broken promise.
type violation struct {
	Kind    string
	Command uuid.UUID
	Text    string
}

func (v violation) String() string { return fmt.Sprintf("%s: %s: %s", v.Command, v.Kind, v.Text) }

// evidence is all that the judge looks at.
type evidence struct {
	Plan    []planned // the commands that were taken out of the supply
	Ledger  []entry   // in the order of commits
	Journal []line
	Kept    []kept
}

// judge returns all violations, command by command.
//
// That a process which was paused tries to go on with a command that is another's by now is no violation, nor that it does the work
// of a step: no lease can prevent that. That such an attempt is committed is one.
func judge(e evidence) []violation {
	hearings := map[uuid.UUID]*hearing{}
	for _, plan := range e.Plan {
		hearings[plan.ID] = &hearing{plan: plan, steps: map[int]int{}, worked: map[uuid.UUID]bool{}}
	}
	var found []violation
	for _, entry := range e.Ledger {
		h := hearings[entry.Command]
		switch {
		case h != nil:
			h.listen(entry)
		case entry.What != owned: // children are owned too
			found = append(found, violation{strange, entry.Command, entry.What})
		}
	}
	held := map[uuid.UUID]kept{}
	for _, k := range e.Kept {
		held[k.ID] = k
	}
	for _, plan := range e.Plan {
		h := hearings[plan.ID]
		h.conclude()
		h.compare(held[plan.ID])
		found = append(found, h.found...)
	}
	return append(found, compareJournal(e)...)
}

// hearing is what the ledger says of one command.
type hearing struct {
	plan   planned
	owner  uuid.UUID // now
	driver uuid.UUID // who has worked on it last
	worked map[uuid.UUID]bool
	steps  map[int]int // how often each was recorded
	last   int         // the highest step
	begun  int
	ended  int
	found  []violation
}

func (h *hearing) violationf(kind, format string, args ...any) {
	h.found = append(h.found, violation{kind, h.plan.ID, fmt.Sprintf(format, args...)})
}

func (h *hearing) listen(e entry) {
	if e.What == owned {
		if e.Note == fromLive {
			h.violationf(liveOwner, "by %s from %s", e.Instance, h.owner)
		}
		h.owner = e.Instance
		return
	}
	if e.Instance != h.owner {
		h.violationf(staleOwner, "%s %d by %s, the owner was %s", e.What, e.Step, e.Instance, h.owner)
	}
	if e.Instance != h.driver && h.worked[e.Instance] {
		h.violationf(twoDrivers, "%s %d by %s, after %s", e.What, e.Step, e.Instance, h.driver)
	}
	h.driver = e.Instance
	h.worked[e.Instance] = true
	if h.ended > 0 && e.What != ended {
		h.violationf(afterEnd, "%s %d by %s", e.What, e.Step, e.Instance)
	}
	switch e.What {
	case begun:
		h.begun++
	case step:
		h.steps[e.Step]++
		if e.Step < 1 || e.Step > h.plan.Steps {
			h.violationf(strange, "step %d of %d", e.Step, h.plan.Steps)
		}
		if h.steps[e.Step] == 1 && e.Step < h.last {
			h.violationf(stepOrder, "step %d after step %d", e.Step, h.last)
		}
		h.last = max(h.last, e.Step)
	case ended:
		h.ended++
		if e.Note != h.plan.Status {
			h.violationf(endedOtherwise, "%s, not %s", e.Note, h.plan.Status)
		}
	}
}

func (h *hearing) conclude() {
	if h.begun != 1 {
		h.violationf(neverBegun, "%d times", h.begun)
	}
	switch {
	case h.ended == 0:
		h.violationf(neverEnded, "after step %d of %d", h.last, h.plan.Steps)
	case h.ended > 1:
		h.violationf(endedTwice, "%d times", h.ended)
	}
	until := h.plan.Steps // of a command that was left behind only what lies before the last step can be missed
	if h.ended == 0 {
		until = h.last
	}
	for n := 1; n <= until; n++ {
		switch count := h.steps[n]; {
		case count == 0:
			h.violationf(stepLost, "step %d of %d", n, h.plan.Steps)
		case count > 1:
			h.violationf(stepTwice, "step %d, %d times", n, count)
		}
	}
}

// compare holds what the database has kept of a command that has ended against the ledger.
func (h *hearing) compare(k kept) {
	if h.ended == 0 {
		return
	}
	want := kept{ID: h.plan.ID, Status: h.plan.Status, Finished: true, Done: h.plan.Steps}
	if h.plan.Children {
		want.Children = h.plan.Steps
	}
	if k != want {
		h.violationf(keptOtherwise, "%+v, not %+v", k, want)
	}
}

// compareJournal holds what the processes have noted of their attempts against what was recorded of them.
func compareJournal(e evidence) []violation {
	recorded := map[uuid.UUID]bool{}
	announced := map[uuid.UUID]bool{}
	for _, entry := range e.Ledger {
		if entry.What != owned {
			recorded[entry.Attempt] = true
		}
	}
	var found []violation
	for _, l := range e.Journal {
		switch {
		case l.What == tried:
			announced[l.Attempt] = true
		case (l.What == acked || l.What == foundAgain) && !recorded[l.Attempt]:
			found = append(found, violation{ackLost, l.Command, fmt.Sprintf("step %d by %s, attempt %s", l.Step, l.Instance, l.Attempt)})
		case (l.What == refused || l.What == over || l.What == failed) && recorded[l.Attempt]:
			found = append(found, violation{refusedKept, l.Command, fmt.Sprintf("step %d by %s, attempt %s: %s", l.Step, l.Instance, l.Attempt, l.Error)})
		}
	}
	for _, entry := range e.Ledger {
		if entry.What != owned && !announced[entry.Attempt] {
			found = append(found, violation{unannounced, entry.Command, fmt.Sprintf("%s %d by %s", entry.What, entry.Step, entry.Instance)})
		}
	}
	return found
}
