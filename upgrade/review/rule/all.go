package rule

import (
	"cmp"
	"slices"
)

// All returns every rule, in the order of their ids.
func All() []Rule {
	all := slices.Concat(upgradeRules(), routineRules(), migrationRules())
	slices.SortFunc(all, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Find returns the rule of an id.
func Find(id string) (Rule, bool) {
	all := All()
	i := slices.IndexFunc(all, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return all[i], true
}
