package chaos

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

var (
	command = uuid.MustParse("c0000000-0000-0000-0000-000000000000")
	first   = uuid.MustParse("a0000000-0000-0000-0000-000000000001")
	second  = uuid.MustParse("a0000000-0000-0000-0000-000000000002")
)

// attempt is the n-th of a test.
func attempt(n byte) uuid.UUID { return uuid.UUID{15: n} }

// takenOver is a command of two steps that went right, although its first owner was paused behind the first step: the second owner did
// the second step, of which an acknowledgement was lost, and what the first one then tried was refused.
func takenOver() evidence {
	return evidence{
		Plan: []planned{{ID: command, Steps: 2, Status: "SUCCEEDED", Children: true}},
		Ledger: []entry{
			{What: owned, Command: command, Instance: first},
			{What: begun, Command: command, Instance: first, Attempt: attempt(1)},
			{What: step, Command: command, Instance: first, Attempt: attempt(2), Step: 1},
			{What: owned, Command: command, Instance: second, Note: fromDead},
			{What: owned, Command: attempt(2), Instance: second, Note: fromDead}, // the child
			{What: step, Command: command, Instance: second, Attempt: attempt(4), Step: 2},
			{What: ended, Command: command, Instance: second, Attempt: attempt(4), Note: "SUCCEEDED"},
		},
		Journal: []line{
			{What: tried, Command: command, Instance: first, Attempt: attempt(1)},
			{What: acked, Command: command, Instance: first, Attempt: attempt(1)},
			{What: tried, Command: command, Instance: first, Attempt: attempt(2), Step: 1},
			{What: acked, Command: command, Instance: first, Attempt: attempt(2), Step: 1},
			{What: tried, Command: command, Instance: first, Attempt: attempt(3), Step: 2},
			{What: tried, Command: command, Instance: second, Attempt: attempt(4), Step: 2},
			{What: unknown, Command: command, Instance: second, Attempt: attempt(4), Step: 2},
			{What: tried, Command: command, Instance: second, Attempt: attempt(5), Step: 2},
			{What: over, Command: command, Instance: second, Attempt: attempt(5), Step: 2},
			{What: refused, Command: command, Instance: first, Attempt: attempt(3), Step: 2},
		},
		Kept: []kept{{ID: command, Status: "SUCCEEDED", Finished: true, Done: 2, Children: 2}},
	}
}

func TestJudgeFindsNothingWhereAPausedOwnerWasRefused(t *testing.T) {
	for _, v := range judge(takenOver()) {
		t.Error(v)
	}
}

func TestJudgeFindsEachKindOfViolation(t *testing.T) {
	announce := func(e *evidence, n byte) {
		e.Journal = append(e.Journal, line{What: tried, Command: command, Attempt: attempt(n)})
	}
	insert := func(e *evidence, at int, entries ...entry) { e.Ledger = slices.Insert(e.Ledger, at, entries...) }
	stale := entry{What: step, Command: command, Instance: first, Attempt: attempt(3), Step: 2}

	for name, c := range map[string]struct {
		change func(*evidence)
		want   []string
	}{
		"the paused owner commits first": {
			func(e *evidence) { insert(e, 5, stale) },
			[]string{staleOwner, stepTwice, refusedKept},
		},
		"the paused owner commits after the end": {
			func(e *evidence) { insert(e, 7, stale) },
			[]string{staleOwner, twoDrivers, afterEnd, stepTwice, refusedKept},
		},
		"the paused owner ends it again": {
			func(e *evidence) {
				announce(e, 6)
				insert(e, 7, entry{What: ended, Command: command, Instance: first, Attempt: attempt(6), Note: "SUCCEEDED"})
			},
			[]string{staleOwner, twoDrivers, endedTwice},
		},
		"a retry repeats what was committed unheard": {
			func(e *evidence) {
				insert(e, 6, entry{What: step, Command: command, Instance: second, Attempt: attempt(5), Step: 2})
			},
			[]string{stepTwice, refusedKept},
		},
		"a step is missing": {
			func(e *evidence) { e.Ledger = slices.Delete(e.Ledger, 2, 3) },
			[]string{stepLost, ackLost},
		},
		"steps are in the wrong order": {
			func(e *evidence) { e.Ledger[2].Step, e.Ledger[5].Step = 2, 1 },
			[]string{stepOrder},
		},
		"a step that is none": {
			func(e *evidence) {
				announce(e, 6)
				insert(e, 6, entry{What: step, Command: command, Instance: second, Attempt: attempt(6), Step: 3})
			},
			[]string{strange},
		},
		"it does not end": {
			func(e *evidence) { e.Ledger = e.Ledger[:5] },
			[]string{neverEnded},
		},
		"it ends otherwise": {
			func(e *evidence) { e.Ledger[6].Note = "FAILED" },
			[]string{endedOtherwise},
		},
		"it is not begun": {
			func(e *evidence) { e.Ledger, e.Journal, e.Kept = nil, nil, nil },
			[]string{neverBegun, neverEnded},
		},
		"it is taken from a live owner": {
			func(e *evidence) { e.Ledger[3].Note = fromLive },
			[]string{liveOwner},
		},
		"work of no process": {
			func(e *evidence) { e.Journal = slices.Delete(e.Journal, 2, 3) },
			[]string{unannounced},
		},
		"work on a command of nobody": {
			func(e *evidence) {
				announce(e, 6)
				insert(e, 1, entry{What: begun, Command: second, Instance: first, Attempt: attempt(6)})
			},
			[]string{strange},
		},
		"the database has lost the last step": {
			func(e *evidence) { e.Kept[0].Done = 1 },
			[]string{keptOtherwise},
		},
		"a child is open": {
			func(e *evidence) { e.Kept[0].Open, e.Kept[0].Owners = 1, 1 },
			[]string{keptOtherwise},
		},
		"the command is gone": {
			func(e *evidence) { e.Kept = nil },
			[]string{keptOtherwise},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := takenOver()
			c.change(&e)
			var got []string
			for _, v := range judge(e) {
				got = append(got, v.Kind)
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}
