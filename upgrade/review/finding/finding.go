// Package finding is what a review finds: one thing about one object, how much it matters, what shows it, and what to do about it.
package finding

import (
	"fmt"
	"slices"

	"github.com/ovirt/coco/upgrade/review/catalog"
)

// Severity is how much a finding matters.
type Severity string

// The severities, the gravest first.
const (
	// MustFix: after the upgrade something fails, or somebody may do what was forbidden.
	MustFix Severity = "must_fix"
	// Decide: it may be meant so. Somebody who knows the database has to say yes.
	Decide Severity = "decide"
	// Note: worth knowing, nothing to do.
	Note Severity = "note"
)

// Severities returns all, the gravest first.
func Severities() []Severity { return []Severity{MustFix, Decide, Note} }

// Includes says whether a finding of another severity matters as much as this one, or more.
func (s Severity) Includes(other Severity) bool {
	all := Severities()
	return slices.Index(all, other) >= 0 && slices.Index(all, other) <= slices.Index(all, s)
}

// Finding is one thing that was found.
type Finding struct {
	// Rule is the id of the rule that it breaks: one of package rule's.
	Rule     string         `json:"rule"`
	Severity Severity       `json:"severity"`
	Object   catalog.Object `json:"object"`
	// Summary is one line that names the object and what is wrong with it.
	Summary string `json:"summary"`
	// Evidence is what shows it, a line each: a message of the server, a line of source, a grant.
	Evidence []string `json:"evidence,omitempty"`
	// Fix is SQL that puts it right, empty where there is none to give.
	Fix string `json:"fix,omitempty"`
	// Line is where in the routine's body, or in the migration's file, it is; 0 for the whole of it.
	Line int `json:"line,omitempty"`
	// Silenced is the reason that a comment gives for letting it pass; such a finding counts for nothing.
	Silenced string `json:"silenced,omitempty"`
}

// Key tells findings apart, and says of which before an upgrade one after it is the same. A line may move, so it is not in it.
func (f Finding) Key() string { return fmt.Sprintf("%s %s %s", f.Rule, f.Object, f.Summary) }

// New returns those of the findings that are not among the earlier ones.
func New(findings, earlier []Finding) []Finding {
	known := map[string]int{}
	for _, f := range earlier {
		known[f.Key()]++
	}
	var fresh []Finding
	for _, f := range findings {
		if known[f.Key()] > 0 {
			known[f.Key()]--
			continue
		}
		fresh = append(fresh, f)
	}
	return fresh
}

// Sort orders findings: the gravest first, then by object, line and rule.
func Sort(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		all := Severities()
		if order := slices.Index(all, a.Severity) - slices.Index(all, b.Severity); order != 0 {
			return order
		}
		if order := a.Object.Compare(b.Object); order != 0 {
			return order
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return slices.Compare([]string{a.Rule, a.Summary}, []string{b.Rule, b.Summary})
	})
}
