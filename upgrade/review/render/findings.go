package render

import (
	"cmp"
	"slices"

	"github.com/ovirt/coco/upgrade/review"
	"github.com/ovirt/coco/upgrade/review/finding"
)

// group is findings of one rule and severity.
type group struct {
	Rule     string
	Reason   string // the rule's, empty where the report does not have it
	Severity finding.Severity
	Findings []finding.Finding
	Places   []int // of the findings, in the report's list
}

// groups puts findings of a severity together by rule, in the order in which the rules come first. Silenced ones are left out.
func groups(r review.Report, all []finding.Finding, severity finding.Severity) []group {
	var list []group
	for place, f := range all {
		if f.Severity != severity || f.Silenced != "" {
			continue
		}
		i := slices.IndexFunc(list, func(g group) bool { return g.Rule == f.Rule })
		if i < 0 {
			i = len(list)
			g := group{Rule: f.Rule, Severity: severity}
			for _, known := range r.Rules {
				if known.ID == f.Rule {
					g.Reason = known.Reason
				}
			}
			list = append(list, g)
		}
		list[i].Findings, list[i].Places = append(list[i].Findings, f), append(list[i].Places, place)
	}
	return list
}

// silenced are the findings that a comment lets pass.
func silenced(all []finding.Finding) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f finding.Finding) bool { return f.Silenced == "" })
}

// sign marks a finding, where colours are not enough.
func sign(s finding.Severity) string {
	return cmp.Or(map[finding.Severity]string{finding.MustFix: "✖", finding.Decide: "?"}[s], "·")
}

func stateSign(s review.State) string {
	return cmp.Or(map[review.State]string{review.Passed: "✓", review.Skipped: "–"}[s], "✖")
}
