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
	if found.Compared() == 0 {
		j.skip("releases", "local edits: not checked", "no procedure has the name of one of an engine's")
		return
	}
	for _, r := range found.Edited {
		if j.willReplace(r) {
			j.find(rule.LocalEdit, finding.Decide, r.Object,
				fmt.Sprintf("%s was edited here, and the upgrade replaces it: the edit does nothing any more", j.name(r.Object)),
				evidence("its body is that of no release that is known"), fix(strings.TrimRight(r.Definition, "; \n")+";"))
			continue
		}
		j.find(rule.LocalEdit, finding.Note, r.Object, fmt.Sprintf("%s was edited here; the upgrade leaves it as it is", j.name(r.Object)),
			evidence("its body is that of no release that is known"))
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

// willReplace says whether the plan replaces a procedure. Where it was not run, whether it names it has to do.
func (j *judge) willReplace(r catalog.Routine) bool {
	if j.copied() {
		return j.replaced[r.Object]
	}
	return j.named[strings.ToLower(r.Name)]
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
