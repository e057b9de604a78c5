package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ovirt/coco/internal/human"
	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/rehearse"
	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/finding"
)

// What all formats say in the same words.

// verdict is the answer, and what it rests on.
func verdict(r review.Report) (answer, because string) {
	v := r.Verdict
	_, failed, skipped := tally(r.Checks)
	switch {
	case v.MustFix > 0:
		answer = "Not yet"
	case v.Decide > 0:
		answer = "Your decision"
	case failed > 0:
		answer = "Look again"
	case skipped > 0:
		answer = "Nothing found, but not all was checked"
	case len(r.Plan.Steps) == 0 && len(r.Changes) == 0:
		answer = "Nothing to do"
	default:
		answer = "Nothing in the way"
	}
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, text)
		}
	}
	add(v.MustFix, human.Count(int64(v.MustFix))+" must be fixed")
	add(v.Decide, fmt.Sprintf("%s %s a decision", human.Count(int64(v.Decide)), either(v.Decide, "needs", "need")))
	add(v.Notes, human.Counted(int64(v.Notes), "note"))
	if v.MustFix == 0 && v.Decide == 0 {
		parts = slices.Insert(parts, 0, "nothing to fix, nothing to decide")
	}
	if len(r.Checks) > 0 {
		parts = append(parts, checksText(r.Checks))
	}
	return answer, strings.Join(parts, " · ")
}

func either(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

func tally(checks []review.Check) (passed, failed, skipped int) {
	for _, c := range checks {
		switch c.State {
		case review.Passed:
			passed++
		case review.Skipped:
			skipped++
		default:
			failed++
		}
	}
	return passed, failed, skipped
}

// checksText says how many checks hold: what was not checked is never left out.
func checksText(checks []review.Check) string {
	passed, failed, skipped := tally(checks)
	text := fmt.Sprintf("%d of %s hold", passed, human.Counted(int64(len(checks)), "check"))
	if failed > 0 {
		text += fmt.Sprintf(", %d %s not", failed, either(failed, "does", "do"))
	}
	if skipped > 0 {
		text += fmt.Sprintf(", %d %s not made", skipped, either(skipped, "was", "were"))
	}
	return text
}

// made parts the checks that were made from those that were not.
func made(checks []review.Check) (made, not []review.Check) {
	for _, c := range checks {
		if c.State == review.Skipped {
			not = append(not, c)
		} else {
			made = append(made, c)
		}
	}
	return made, not
}

// about names the database: its name, address, engine and server.
func about(d review.Database) string {
	parts := []string{d.Name}
	if d.Address != "" {
		parts[0] += " on " + d.Address
	}
	if d.Engine != "" {
		parts = append(parts, d.Engine)
	}
	if d.Server != "" {
		parts = append(parts, "PostgreSQL "+d.Server)
	}
	return strings.Join(parts, " · ")
}

// planText says what was run, and where.
func planText(p review.Plan) string {
	if len(p.Steps) == 0 {
		return fmt.Sprintf("%s: nothing was run", cmp.Or(p.Source, "the plan"))
	}
	text := fmt.Sprintf("%s: %s, version %d → %d", cmp.Or(p.Source, "the plan"), human.Counted(int64(len(p.Steps)), "step"), p.From, p.To)
	if p.Scratch == "" {
		return text
	}
	text += ", run on a copy of the schema on PostgreSQL " + p.Scratch
	if p.Tasks > 0 {
		text += " with " + human.Counted(int64(p.Tasks), "generated task")
	}
	return text
}

// short is the beginning of a hash, enough to tell two apart.
func short(hash string) string {
	const letters = 12
	return hash[:min(letters, len(hash))]
}

// command is what runs just what was approved; empty where nothing can be, or nothing should be.
func command(r review.Report) string {
	if r.Approval == "" || r.Verdict.MustFix > 0 || len(r.Plan.Steps) == 0 || r.Plan.Direction == upgrade.DirectionDown {
		return ""
	}
	to := ""
	phases := upgrade.Phases()
	if last := r.Plan.Steps[len(r.Plan.Steps)-1].Phase; last != phases[len(phases)-1] && slices.Contains(phases, last) {
		to = "--to " + string(last) + " "
	}
	return "upgrade up " + to + "--approved " + r.Approval
}

// approvalText says what the hash is good for, and when it is not.
func approvalText(r review.Report) string {
	switch {
	case r.Approval == "" && r.NoApproval != "":
		return "There is no hash to approve: " + r.NoApproval + "."
	case r.Approval == "":
		return "There is no hash to approve: the review does not know all that it would stand for."
	case r.Verdict.MustFix > 0:
		return "Not before what must be fixed is fixed. Review again then: the hash will be another one."
	case command(r) == "":
		return "The hash stands for this plan and for the catalog of this database as they are now."
	}
	return "The hash stands for this plan and for the catalog of this database as they are now. If either has changed, this command refuses to begin:"
}

// declares says whether a plan names the locks that it takes: only of one that does can a lock be undeclared.
func declares(steps []rehearse.Step) bool {
	return slices.ContainsFunc(steps, func(s rehearse.Step) bool {
		return len(s.Declared) > 0 || slices.ContainsFunc(s.Locks, func(l rehearse.Lock) bool { return l.Declared })
	})
}

// noLocks is what stands for the locks of a step without any.
func noLocks(s rehearse.Step) string {
	if s.Outside {
		return "none seen"
	}
	return "none"
}

// blocked is how long a plan keeps clients waiting.
type blocked struct {
	Everybody, Writers time.Duration // held at most, in the longest step
	Undeclared         int           // locks that the plan does not name
	Took               time.Duration
}

func blockedBy(steps []rehearse.Step) blocked {
	var b blocked
	named := declares(steps)
	for _, step := range steps {
		b.Took += step.Time
		for _, lock := range step.Locks {
			switch lock.Mode.Blocks() {
			case upgrade.Everybody:
				b.Everybody = max(b.Everybody, lock.Held)
			case upgrade.Writers:
				b.Writers = max(b.Writers, lock.Held)
			default:
			}
			if !lock.Declared && named {
				b.Undeclared++
			}
		}
	}
	return b
}

// String says it in a line.
func (b blocked) String() string {
	var parts []string
	if b.Everybody > 0 {
		parts = append(parts, "keeps everybody out of a table for "+held(b.Everybody)+" at most")
	}
	if b.Writers > 0 {
		parts = append(parts, "keeps writers waiting for "+held(b.Writers)+" at most")
	}
	if len(parts) == 0 {
		parts = append(parts, "keeps nobody waiting")
	}
	text := strings.Join(parts, ", and ")
	if b.Undeclared > 0 {
		text += "; " + human.Counted(int64(b.Undeclared), "lock") + " that the plan does not declare"
	}
	return text
}

// held writes how long a lock was held: less than a millisecond is not nothing.
func held(d time.Duration) string {
	switch {
	case d > 0 && d < time.Millisecond:
		return "<1ms"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
	}
	return human.Took(d)
}

// action names a step as upgrade plan does.
func action(s rehearse.Step) string {
	if s.Kind == upgrade.KindApply || s.Kind == upgrade.KindTakeBack {
		return fmt.Sprintf("%s %d %s", s.Kind.Words(), s.Version, s.Name)
	}
	if s.Kind == upgrade.KindInstall {
		return s.Kind.Words() + " " + s.Name
	}
	return s.Kind.Words()
}

// waits says who waits for a step, by the locks that were seen.
func waits(s rehearse.Step) upgrade.Waiters {
	found := upgrade.Nobody
	for _, lock := range s.Locks {
		switch lock.Mode.Blocks() {
		case upgrade.Everybody:
			return upgrade.Everybody
		case upgrade.Writers:
			found = upgrade.Writers
		default:
		}
	}
	return found
}

// headline is how a severity's findings are headed.
func headline(s finding.Severity) string {
	switch s {
	case finding.MustFix:
		return "Must be fixed"
	case finding.Decide:
		return "Needs a decision"
	default:
		return "Notes"
	}
}
