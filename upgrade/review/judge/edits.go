package judge

import (
	"fmt"
	"strings"

	"github.com/ovirt/coco/upgrade"
	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// edits judges procedures that are of no known release: somebody edited them here.
func (j *judge) edits() {
	found := j.known.Compare(j.Before.Catalog.Routines)
	if found.Compared() == 0 && j.Directory {
		return // it is no engine's database
	}
	if found.Compared() == 0 {
		j.skip("releases", "local edits: not checked", "no procedure has the name of one of an engine's")
		return
	}
	for _, r := range found.Edited {
		what, severity := "and the upgrade replaces it: the edit does nothing any more", finding.Decide
		switch named := j.named[strings.ToLower(r.Name)]; {
		case j.copied() && !j.replaced[r.Object]:
			what, severity = "and the upgrade leaves it as it is", finding.Note
		case !j.copied() && named:
			what = "and whether the upgrade replaces it was not checked"
		case !j.copied():
			what, severity = "and the upgrade does not name it", finding.Note
		}
		more := []func(*finding.Finding){evidence("its body is that of no release that is known")}
		if severity == finding.Decide {
			more = append(more, fix(strings.TrimRight(r.Definition, "; \n")+";"))
		}
		j.find(rule.LocalEdit, severity, r.Object, fmt.Sprintf("%s was edited here, %s", j.name(r.Object), what), more...)
	}
	what := "release " + found.Release
	if found.Release == "demo" {
		what = "the demonstration's"
	}
	var detail []string
	add := func(text string, routines []catalog.Routine) {
		if len(routines) > 0 {
			detail = append(detail, text+": "+some(namesOf(routines)))
		}
	}
	add("of another release", found.Other)
	add("edited", found.Edited)
	add("of no release, by their names", found.Foreign)
	if found.Own > 0 {
		what += fmt.Sprintf(", or coco's own (%d)", found.Own)
	}
	j.check("releases", j.found(rule.LocalEdit) > 0,
		fmt.Sprintf("%d of %s equal %s", found.Equal+found.Own, counted(found.Compared(), "procedure"), what), detail...)
}

func namesOf(routines []catalog.Routine) []string {
	all := make([]string, 0, len(routines))
	for _, r := range routines {
		all = append(all, r.Name)
	}
	return all
}

// edited says whether a finding of upgrade.Check is about a procedure that edits has judged.
func (j *judge) edited(f upgrade.CheckFinding) bool {
	signature, ok := strings.CutPrefix(f.Subject, "procedure ")
	if !ok {
		return false
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(signature, "public."), "(")
	for _, g := range j.result.Findings {
		if g.Rule == rule.LocalEdit && g.Object.Name == name {
			return true
		}
	}
	return false
}
