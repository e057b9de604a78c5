package judge

import (
	"fmt"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// names judges how procedures can be called: by arguments that changed, and by a name that two have.
func (j *judge) names() {
	for i := range j.After.Catalog.Routines {
		is := &j.After.Catalog.Routines[i]
		j.overload(is)
		if was := j.was.routines[j.before[is.Object]]; was != nil {
			j.signature(was, is)
		}
	}
	for i := range j.Before.Catalog.Routines {
		j.overloaded(&j.Before.Catalog.Routines[i])
	}
	if n := j.found(rule.StaleOverload); n > 0 {
		j.check("overloads", true, counted(n, "procedure")+" share a name afterwards that only one had")
	} else {
		j.check("overloads", false, "no name gets a second procedure")
	}
}

// overload judges a routine that is new under a name that another one keeps.
func (j *judge) overload(is *catalog.Routine) {
	if _, old := j.before[is.Object]; old {
		return
	}
	engines := j.known.Has(is.Name)
	for _, other := range j.is.names[is.Name] {
		if _, stays := j.was.routines[other.Object]; !stays || other.Object == is.Object {
			continue
		}
		severity, text := finding.Decide, "callers may no longer tell them apart"
		if engines {
			severity, text = finding.MustFix, "the engine finds a procedure by its name alone and fails"
		}
		if other.Schema != is.Schema {
			if engines {
				j.find(rule.StaleOverload, severity, is.Object, fmt.Sprintf("%s has the name of %s: %s, in whichever schema they are",
					is.Object, other.Object, text), fix("DROP "+reference(is.Object, is.Sort)+";"))
			}
			continue
		}
		j.find(rule.StaleOverload, severity, other.Object, fmt.Sprintf("%s stays beside the new %s: %s", other.Object, is.Object, text),
			evidence(j.calledBy(j.is, is.Object)...), fix("DROP "+reference(other.Object, other.Sort)+";"))
	}
}

// overloaded notes a routine beside one of the engine's name, before the upgrade. Where the engine itself has two, nobody made a mistake.
func (j *judge) overloaded(was *catalog.Routine) {
	if same(j.was.names[was.Name], was.Schema) < 2 || !j.known.Has(was.Name) || len(j.known.Of(*was)) > 0 {
		return
	}
	j.result.Earlier = append(j.result.Earlier, finding.Finding{
		Rule: rule.StaleOverload, Severity: finding.Note, Object: was.Object,
		Summary: was.String() + " shares its name with another procedure",
	})
}

// signature judges other arguments.
func (j *judge) signature(was, is *catalog.Routine) {
	if was.Parameters == is.Parameters && was.Arguments == is.Arguments {
		return
	}
	text := j.name(is.Object) + ": the names of its arguments, or their defaults, change"
	switch before, after := arguments(was.Arguments), arguments(is.Arguments); {
	case before > after:
		text = fmt.Sprintf("%s takes fewer arguments: %d instead of %d", j.name(is.Object), after, before)
	case before < after:
		text = fmt.Sprintf("%s takes more arguments: %d instead of %d", j.name(is.Object), after, before)
	case was.Arguments != is.Arguments:
		text = j.name(is.Object) + " takes other arguments"
	}
	lines := []string{"before: " + oneLine(was.Parameters), "after: " + oneLine(is.Parameters)}
	severity := finding.Decide
	if j.guarded() {
		severity = finding.Note
		lines = append(lines, "the plan stops before that while other clients are connected: nobody calls it the old way then")
	} else {
		text += ": callers must switch at the same moment"
	}
	j.find(rule.SignatureChanged, severity, is.Object, text, evidence(lines...), evidence(j.calledBy(j.is, is.Object)...))
}

// arguments counts a list of types. None has a comma of its own but numeric(10,2), which an argument's type does not keep.
func arguments(types string) int {
	if types == "" {
		return 0
	}
	return strings.Count(types, ",") + 1
}
