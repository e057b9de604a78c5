// Package rule is what a review goes by: each rule with its id, its severity, why there is one, and the page that explains it.
package rule

import "github.com/ovirt/coco/upgrade/review/finding"

// Rule is data: what finds its breaches asks for it by its id.
type Rule struct {
	// ID is what a comment silences it by: -- coco:ignore ID reason.
	ID       string           `json:"id"`
	Severity finding.Severity `json:"severity"`
	// Reason says in one line why it matters.
	Reason string `json:"reason"`
}

// Page is where the rule is explained, from the top of the repository.
func (r Rule) Page() string { return "docs/rules/" + r.ID + ".md" }
