package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ovirt/coco/upgrade/review/catalog"
	"github.com/ovirt/coco/upgrade/review/finding"
	"github.com/ovirt/coco/upgrade/review/rule"
)

// attributes judges what hangs on objects besides their rights: comments and settings of all, and how procedures run.
func (j *judge) attributes() {
	objects := j.kept()
	for _, o := range objects {
		j.comment(o)
		j.settings(o)
	}
	routines := 0
	for i := range j.After.Catalog.Routines {
		is := &j.After.Catalog.Routines[i]
		was := j.was.routines[j.before[is.Object]]
		if was == nil {
			continue
		}
		routines++
		j.security(was, is)
		j.volatility(was, is)
		j.strict(was, is)
		j.planning(was, is)
	}
	failed := j.found(rule.CommentLost, rule.SettingChanged, rule.SecurityChanged, rule.VolatilityChanged, rule.StrictChanged) > 0
	summary := fmt.Sprintf("security, volatility, settings of %s and comments of %s ", counted(routines, "procedure"), counted(len(objects), "object"))
	if failed {
		j.check("attributes", true, summary+"compared: they differ")
		return
	}
	j.check("attributes", false, summary+"are as before")
}

func (j *judge) comment(o owned) {
	if o.was.Comment == o.is.Comment || o.was.Comment == "" {
		return
	}
	again := fix("COMMENT ON " + reference(o.object, o.sort) + " IS " + literal(o.was.Comment) + ";")
	was := evidence("it was: " + oneLine(o.was.Comment))
	if o.is.Comment == "" {
		j.find(rule.CommentLost, finding.Decide, o.object, j.name(o.object)+" loses its comment", was, again)
		return
	}
	j.find(rule.CommentLost, finding.Note, o.object, j.name(o.object)+" gets another comment", was,
		evidence("it is: "+oneLine(o.is.Comment)), again)
}

// settings judges SET clauses of procedures and the settings of the database.
func (j *judge) settings(o owned) {
	was, is := settingsOf(o.wasOptions), settingsOf(o.isOptions)
	definer := false
	if r := j.is.routines[o.object]; r != nil {
		definer = r.SecurityDefiner
	}
	for _, name := range sortedKeys(was) {
		value, has := is[name]
		if has && value == was[name] {
			continue
		}
		text := fmt.Sprintf("%s loses its setting %s = %s", j.name(o.object), name, was[name])
		if has {
			text = fmt.Sprintf("%s runs with %s = %s, it was %s", j.name(o.object), name, value, was[name])
		}
		severity := finding.Decide
		if !has && name == "search_path" && definer {
			severity = finding.MustFix
			text += ": its callers choose which tables it uses with the rights of its owner"
		}
		j.find(rule.SettingChanged, severity, o.object, text, settingFix(o, name+"="+was[name]))
	}
	for _, name := range sortedKeys(is) {
		if _, had := was[name]; !had {
			j.find(rule.SettingChanged, finding.Note, o.object, fmt.Sprintf("%s gets the setting %s = %s", j.name(o.object), name, is[name]))
		}
	}
}

// settingFix sets what was set. A setting of a role in a database names the role, which no ALTER of the database can.
func settingFix(o owned, setting string) func(*finding.Finding) {
	if name, _, _ := strings.Cut(setting, "="); strings.ContainsAny(name, " :") {
		return func(*finding.Finding) {}
	}
	return fix(settingSQL(o.object, o.sort, setting))
}

func settingsOf(options []string) map[string]string {
	all := map[string]string{}
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		all[name] = value
	}
	return all
}

func (j *judge) security(was, is *catalog.Routine) {
	name := j.name(is.Object)
	alter := "ALTER " + reference(is.Object, is.Sort)
	path := slices.ContainsFunc(is.Settings, func(s string) bool { return strings.HasPrefix(s, "search_path=") })
	switch {
	case was.SecurityDefiner && !is.SecurityDefiner:
		j.find(rule.SecurityChanged, finding.Decide, is.Object,
			fmt.Sprintf("%s: SECURITY DEFINER becomes INVOKER: callers need the rights that %s has", name, was.Owner),
			fix(alter+" SECURITY DEFINER;"))
	case is.SecurityDefiner && !was.SecurityDefiner && !path:
		j.find(rule.SecurityChanged, finding.MustFix, is.Object,
			fmt.Sprintf("%s: SECURITY INVOKER becomes DEFINER, without a search_path of its own: callers get the rights of %s", name, is.Owner),
			evidence("may call it: "+holders(is.Common)), fix(alter+" SECURITY INVOKER;"))
	case is.SecurityDefiner && !was.SecurityDefiner:
		j.find(rule.SecurityChanged, finding.Decide, is.Object,
			fmt.Sprintf("%s: SECURITY INVOKER becomes DEFINER: callers get the rights of %s", name, is.Owner),
			evidence("may call it: "+holders(is.Common)), fix(alter+" SECURITY INVOKER;"))
	}
}

func (j *judge) volatility(was, is *catalog.Routine) {
	if was.Volatility == is.Volatility {
		return
	}
	name, again := j.name(is.Object), fix("ALTER "+reference(is.Object, is.Sort)+" "+strings.ToUpper(was.Volatility)+";")
	if writes := j.writes(is.Object); is.Volatility != "volatile" && len(writes) > 0 {
		j.find(rule.VolatilityChanged, finding.MustFix, is.Object,
			fmt.Sprintf("%s: %s becomes %s, and it writes %s: the server refuses that", name, strings.ToUpper(was.Volatility),
				strings.ToUpper(is.Volatility), some(writes)), again)
		return
	}
	j.find(rule.VolatilityChanged, finding.Decide, is.Object,
		fmt.Sprintf("%s: %s becomes %s", name, strings.ToUpper(was.Volatility), strings.ToUpper(is.Volatility)), again)
}

// writes are the tables that a routine writes, as far as its text says.
func (j *judge) writes(o catalog.Object) []string {
	var tables []string
	for _, refers := range j.After.Refers {
		if refers.Object != o {
			continue
		}
		for _, t := range refers.Names.Tables {
			if t.Insert || t.Update || t.Delete {
				tables = append(tables, t.Name.Name)
			}
		}
	}
	return tables
}

func (j *judge) strict(was, is *catalog.Routine) {
	name, alter := j.name(is.Object), "ALTER "+reference(is.Object, is.Sort)
	switch {
	case was.Strict && !is.Strict:
		j.find(rule.StrictChanged, finding.Decide, is.Object, name+" is no longer STRICT: it runs where it returned null",
			fix(alter+" STRICT;"))
	case is.Strict && !was.Strict:
		j.find(rule.StrictChanged, finding.Decide, is.Object, name+" becomes STRICT: with a null among its arguments it does nothing",
			fix(alter+" CALLED ON NULL INPUT;"))
	}
}

// planning judges what only the planner goes by, and what a body may do in parallel or behind a view.
func (j *judge) planning(was, is *catalog.Routine) {
	name, alter := j.name(is.Object), "ALTER "+reference(is.Object, is.Sort)
	if was.Cost != is.Cost {
		j.find(rule.PlanningChanged, finding.Note, is.Object, fmt.Sprintf("%s: COST %s becomes %s", name, number(was.Cost), number(is.Cost)),
			fix(alter+" COST "+number(was.Cost)+";"))
	}
	if was.Rows != is.Rows && was.Rows > 0 && is.Rows > 0 {
		j.find(rule.PlanningChanged, finding.Note, is.Object, fmt.Sprintf("%s: ROWS %s becomes %s", name, number(was.Rows), number(is.Rows)),
			fix(alter+" ROWS "+number(was.Rows)+";"))
	}
	if was.Parallel != is.Parallel {
		severity := finding.Note
		if is.Parallel == "safe" {
			severity = finding.Decide
		}
		j.find(rule.PlanningChanged, severity, is.Object,
			fmt.Sprintf("%s: PARALLEL %s becomes %s", name, strings.ToUpper(was.Parallel), strings.ToUpper(is.Parallel)),
			fix(alter+" PARALLEL "+strings.ToUpper(was.Parallel)+";"))
	}
	if was.LeakProof == is.LeakProof {
		return
	}
	if is.LeakProof {
		j.find(rule.PlanningChanged, finding.Decide, is.Object, name+" becomes LEAKPROOF: it may see rows that a view hides",
			fix(alter+" NOT LEAKPROOF;"))
		return
	}
	j.find(rule.PlanningChanged, finding.Note, is.Object, name+" is no longer LEAKPROOF", fix(alter+" LEAKPROOF;"))
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }
