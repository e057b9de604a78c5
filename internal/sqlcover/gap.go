package sqlcover

import (
	"fmt"
	"strings"
)

// Gap is something of a procedure that no test has run.
type Gap struct {
	Procedure Procedure
	// Line counts from 1, in the body.
	Line int
	// Text is the line of the statement; "else of " stands before it where the statement is an IF without ELSE that was always true.
	Text string
}

// Coverage says how much of a procedure has run.
type Coverage struct {
	// Statements and Branches are how many have run, of how many there are. A branch is what stands behind THEN, ELSIF, ELSE, LOOP,
	// WHEN or EXCEPTION, and also the way past an IF without ELSE.
	Statements, Branches Ratio
	Gaps                 []Gap
}

// Ratio is a part of a whole.
type Ratio struct{ Run, All int }

// one is the ratio of a single statement or branch.
func one(run bool) Ratio {
	if run {
		return Ratio{1, 1}
	}
	return Ratio{0, 1}
}

// Plus is the ratio of both.
func (r Ratio) Plus(other Ratio) Ratio { return Ratio{r.Run + other.Run, r.All + other.All} }

func (r Ratio) String() string { return fmt.Sprintf("%d/%d", r.Run, r.All) }

// Coverage looks at the statements of a procedure whose counts are filled in.
func (p Procedure) Coverage() Coverage {
	var c Coverage
	first := map[string]bool{} // places whose first statement has been looked at
	for _, s := range p.Statements {
		ran := s.Runs > 0
		c.Statements = c.Statements.Plus(one(ran))
		if !ran {
			c.Gaps = append(c.Gaps, Gap{Procedure: p, Line: s.Line, Text: p.Text(s)})
		}
		if place := fmt.Sprint(s.Parent, s.Place); isBranch(s.Place) && !first[place] {
			first[place] = true
			c.Branches = c.Branches.Plus(one(ran))
		}
		if p.mayPass(s) {
			passed := p.passed(s)
			c.Branches = c.Branches.Plus(one(passed))
			if ran && !passed {
				c.Gaps = append(c.Gaps, Gap{Procedure: p, Line: s.Line, Text: "else of " + p.Text(s)})
			}
		}
	}
	return c
}

func isBranch(place string) bool { return place != "" && place != "body" }

// mayPass says whether a statement is an IF that may run none of what it holds.
func (p Procedure) mayPass(s Statement) bool {
	if s.Kind != "IF" {
		return false
	}
	for _, inner := range p.Statements {
		if inner.Parent == s.ID && inner.Place == "else body" {
			return false
		}
	}
	return true
}

// passed says whether such an IF has run more often than what it holds.
func (p Procedure) passed(s Statement) bool {
	left := s.Runs
	seen := map[string]bool{}
	for _, inner := range p.Statements {
		if inner.Parent == s.ID && !seen[inner.Place] {
			seen[inner.Place] = true
			left -= inner.Runs
		}
	}
	return left > 0
}

// Exception is a gap that is known, with its reason.
type Exception struct{ Signature, Text, Reason string }

// ReadExceptions reads lines SIGNATURE | TEXT | REASON. Empty lines and those that begin with # do not count.
func ReadExceptions(text string) ([]Exception, error) {
	var all []Exception
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		signature, rest, found := strings.Cut(line, " | ")
		cut := strings.LastIndex(rest, " | ")
		if !found || cut < 0 || strings.TrimSpace(rest[cut+3:]) == "" {
			return nil, fmt.Errorf("%q is not SIGNATURE | TEXT | REASON", line)
		}
		all = append(all, Exception{Signature: signature, Text: rest[:cut], Reason: rest[cut+3:]})
	}
	return all, nil
}

func (e Exception) covers(g Gap) bool {
	return e.Signature == g.Procedure.Signature && e.Text == g.Text
}
