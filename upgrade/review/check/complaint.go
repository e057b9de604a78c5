package check

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// complaint is what the server has against a statement, or against a routine as a whole: then it names a stage of the analysis.
type complaint struct {
	Stage     string `json:"stage"`
	Statement int    `json:"statement"`
	Kind      kind   `json:"kind"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Detail    string `json:"detail"`
	Hint      string `json:"hint"`
	Context   string `json:"context"`
}

// What servers say. The messages are those of lc_messages C.
const (
	codeNotReady       = "55000" // record "x" is not assigned yet
	codeUndefinedTable = "42P01"
	codeDuplicateTable = "42P07"
	codeUndefinedField = "42703"
	codeMismatch       = "42804"
)

var (
	makesTemporaryName = regexp.MustCompile(`(?i)\btemp(?:orary)?\s+table\s+(?:if\s+not\s+exists\s+)?"?([\w$]+)`)
	compiledLine       = regexp.MustCompile(`compilation of PL/pgSQL function .* near line (\d+)`)
	invalidType        = regexp.MustCompile(`(?m)^invalid type name "(.*)"$`)
	frames             = regexp.MustCompile(`(?m)^(PL/pgSQL function |SQL function )`)
)

// ownFrames is how deep the server is in procedures when it looks at a statement: the analysis, and the probe.
const ownFrames = 2

// judge tells what fails from what could not be found out.
func (s *session) judge(r catalog.Routine, p *probe, said []complaint) {
	failed := map[int]bool{} // what is wrong with a statement as it stands counts, and nothing beside it
	for _, c := range said {
		failed[c.Statement] = failed[c.Statement] || c.Stage == "" && c.Kind == planned
	}
	var temporary []string // tables that a routine makes for itself, or would
	if p != nil {
		temporary = p.temporary()
	}
	for _, c := range said {
		if c.Stage != "" {
			s.judgeWhole(r, c)
			continue
		}
		if failed[c.Statement] && c.Kind != planned {
			continue
		}
		statement := p.body.Statements[c.Statement]
		switch reason := unclear(c, temporary); {
		case reason != "":
			s.result.Skipped = append(s.result.Skipped, Skip{Object: r.Object, Line: statement.Line, Reason: reason})
		case c.fails():
			s.result.Problems = append(s.result.Problems, Problem{
				Object: r.Object, Line: statement.Line, SQL: statement.SQL, Message: c.Message, Code: c.Code, Detail: c.Detail, Hint: c.Hint,
				Silent: c.Kind == filled, By: ByCoco,
			})
		}
	}
}

// judgeWhole judges what was said of a routine as a whole.
func (s *session) judgeWhole(r catalog.Routine, c complaint) {
	if c.Stage != "compile" {
		s.result.Skipped = append(s.result.Skipped, Skip{Object: r.Object, Reason: "it could not be analysed: " + c.Message})
		return
	}
	problem := Problem{Object: r.Object, Message: c.Message, Code: c.Code, Detail: c.Detail, Hint: c.Hint, By: ByCoco}
	if match := compiledLine.FindStringSubmatch(c.Context); match != nil {
		problem.Line, _ = strconv.Atoi(match[1])
	}
	// Of a variable's type the server names no line, and no more than the sign that it stumbled over.
	if match := invalidType.FindStringSubmatch(c.Context + "\n" + c.Message); match != nil {
		problem.Detail = match[0]
		if before, _, found := strings.Cut(r.Body, match[1]); found {
			problem.Line = strings.Count(before, "\n") + 1
		}
	}
	s.result.Problems = append(s.result.Problems, problem)
}

// fails says whether the routine would fail, too, or do something else than it says. Of what was tried beside the plan, only what it was
// tried for counts: the rest is a matter of how.
func (c complaint) fails() bool {
	switch c.Kind {
	case planned:
		return true
	case made:
		return c.Code != codeDuplicateTable // made in two branches
	case filled, returned:
		return c.Code == codeMismatch
	case assigned:
		return c.Code == codeUndefinedField
	case looked, untouched:
	}
	return false
}

// unclear returns why a complaint says nothing about the statement; empty if it does.
func unclear(c complaint, temporary []string) string {
	switch {
	case c.Code == codeNotReady && strings.HasSuffix(c.Message, "is not assigned yet"):
		name := strings.TrimSuffix(strings.TrimPrefix(c.Message, "record "), " is not assigned yet")
		return "which columns " + name + " has is known only when it runs"
	case len(frames.FindAllString(c.Context, -1)) > ownFrames:
		return "a procedure that it calls fails: " + c.Message
	case c.Code == codeUndefinedTable:
		for _, name := range temporary {
			if strings.EqualFold(c.Message, `relation "`+name+`" does not exist`) {
				return "it names the temporary table " + name + ", which could not be made"
			}
		}
	}
	return ""
}

// temporary are the names of the temporary tables that the routine makes.
func (p *probe) temporary() []string {
	var names []string
	for _, s := range p.body.Statements {
		text, ok := temporaryTable(s)
		if !ok {
			continue
		}
		if match := makesTemporaryName.FindStringSubmatch(text); match != nil {
			names = append(names, match[1])
		}
	}
	return names
}
