package judge

import (
	"regexp"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/routine"
)

// ignores is a comment that lets findings of a rule pass, with its reason.
var ignores = regexp.MustCompile(`(?m)--[ \t]*coco:ignore[ \t]+([a-z0-9-]+)[ \t]+(\S.*)$`)

// silences are the comments that let findings pass: one in the body of a procedure, those about it; one elsewhere in the plan, those
// about objects that it names in its reason.
type silences struct {
	bodies map[catalog.Object][]routine.Ignore
	plan   map[string][]reason // by the rule
}

type reason struct {
	text  string
	words map[string]bool
}

func newSilences(facts Facts) silences {
	s := silences{bodies: map[catalog.Object][]routine.Ignore{}, plan: map[string][]reason{}}
	for _, refers := range facts.After.Refers {
		s.bodies[refers.Object] = refers.Ignored
	}
	for _, text := range facts.Texts {
		for _, match := range ignores.FindAllStringSubmatch(text, -1) {
			s.plan[match[1]] = append(s.plan[match[1]], reason{strings.TrimSpace(match[2]), words(match[2:])})
		}
	}
	return s
}

// of returns the reason for which a finding passes, empty if it does not.
func (s silences) of(f finding.Finding) string {
	for _, i := range s.bodies[f.Object] {
		if reason := strings.TrimSpace(i.Reason); i.Rule == f.Rule && reason != "" {
			return reason
		}
	}
	for _, r := range s.plan[f.Rule] {
		if about(r.words, f) {
			return r.text
		}
	}
	return ""
}

// about says whether words name what a finding is about: an object, and its table if it is part of one.
func about(words map[string]bool, f finding.Finding) bool {
	return words[strings.ToLower(f.Object.Name)] && (f.Object.Of == "" || words[strings.ToLower(f.Object.Of)])
}
